"""What a pipeline is: its configuration, its graph, how it is run and shown."""
