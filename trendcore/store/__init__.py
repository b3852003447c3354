"""Tables on disk, the ledger of what was ingested, and releases; the only importer of deltalake.

A workspace is a folder, or what begins with a prefix in a bucket of S3. The ledger is the commit point of
ingestion, a manifest that of a release: what they do not name does not exist, so that a process may die at
any moment.

=======================  ====================================================================
``workspace.json``       makes the folder a workspace: format version, time
``ledger.json``          what was ingested; replaced as a whole
``lock``                 held by the one writer; on S3 a lease
``tables/<name>/``       canonical rows: Delta tables, a partition for each content
``results/<name>/``      published rows: Delta tables, of which a release names the files
``published/<name>/``    the same of releases of format 1, which stay readable
``releases/NNNNNN.json`` manifests, never changed; the highest number is the current release
``releases/dropped/``    manifests of releases whose files `gc` removes after the grace
``methods/<sha256>``     taxonomies, policies, blocs as they were when a release was computed
=======================  ====================================================================
"""

from trendcore.store.collecting import Collected
from trendcore.store.delta import DataFile
from trendcore.store.ledger import Content, FileCounts, FileStamp, Ledger, Registration, Unit
from trendcore.store.parts import Anew
from trendcore.store.releases import FileRecord, Manifest, ReleaseInfo, TableRecord
from trendcore.store.store import Store
from trendcore.store.volumes import sha256_of
from trendcore.store.writer import InputWriter

__all__ = [
    "Anew",
    "Collected",
    "Content",
    "DataFile",
    "FileCounts",
    "FileRecord",
    "FileStamp",
    "InputWriter",
    "Ledger",
    "Manifest",
    "Registration",
    "ReleaseInfo",
    "Store",
    "TableRecord",
    "Unit",
    "sha256_of",
]
