"""Which version of the package is running."""

from importlib.metadata import PackageNotFoundError, version


def package_version() -> str:
    """The version of the package that is installed; "unknown" where its files were never installed."""
    try:
        return version("seqattr")
    except PackageNotFoundError:
        return "unknown"
