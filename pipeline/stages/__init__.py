"""One module per stage of dvc.yaml: wiring only. `python -m pipeline.stages.<stage> [item]`."""
