"""Where a workspace lives: every read and every change of the disk under it goes through a volume.

`base.Volume` says what there is; `local.LocalVolume` keeps it in a folder, `s3.S3Volume` in a bucket, whose
libraries are imported when one is made. All of them call `trendcore.store.failpoints`.
"""

from trendcore.store.volumes.base import HashedFile, Lock, Volume, in_a_line, storage_errors
from trendcore.store.volumes.disk import sha256_of
from trendcore.store.volumes.local import LocalVolume
from trendcore.store.volumes.s3 import S3Volume, is_address

__all__ = [
    "HashedFile",
    "LocalVolume",
    "Lock",
    "S3Volume",
    "Volume",
    "in_a_line",
    "is_address",
    "sha256_of",
    "storage_errors",
]
