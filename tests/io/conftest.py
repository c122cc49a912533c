"""Files are written to a disk that is full, too."""

from tests.helpers.full_disk import with_full_disk as with_full_disk
