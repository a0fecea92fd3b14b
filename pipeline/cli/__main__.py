"""`python -m pipeline.cli` is `disney`."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
