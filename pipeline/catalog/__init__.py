"""The pipelines: one file each, with its configuration and the script that `tfx pipeline create` is given.

Such a script puts this folder first on sys.path, so no file here may have the name of a library's module.
"""
