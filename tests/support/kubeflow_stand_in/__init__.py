"""Stands for Kubeflow Pipelines (KFP), without a cluster: what its driver and its launcher do around each step.

    driver.py     the ExecutorInput that a step is given
    artifacts.py  what is remembered of an output, and what the next step is told of it
    launcher.py   what happens before and after the step's own command, in its container
    storage.py    how the launcher copies inputs and outputs between a bucket and the container
    cache.py      when a step isn't run again, and what is taken over then
    engines.py    who starts a step: podman, docker, or this environment
    run.py        a whole compiled pipeline; `python -m kubeflow_stand_in SPEC --root DIR` runs one

Each docstring says where KFP does the same: a file below backend/src/v2 of github.com/kubeflow/pipelines, and a
function in it. What was read: several stored versions of each file between 2.0 and the last one that has ML Metadata
(as the branch release-2.18 still has), and master after pull request 13986, which dropped it. `releases.py` has what
differs.

One thing is otherwise than in KFP: its launcher refuses a pipeline root that isn't gs://, s3:// or minio://
(objectstore/config.go, ParseBucketPathToConfig; component/launcher_v2.go, prepareOutputFolders). Here it may also be a
folder, which stands for the bucket where no test of ours can have one. Nothing is downloaded or uploaded then.
"""
