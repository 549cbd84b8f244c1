"""What the emulator keeps, as Google's service keeps it: any name, pages of a listing, conditional requests."""

import itertools
from urllib.parse import quote

from gcp_storage_emulator.gcs_glob import gcs_glob_match
from gcp_storage_emulator.storage import Storage

PAGE = 1000
"""How many names the service gives at once, at most."""


class ConditionNotMetError(Exception):
    """An object isn't of the generation that the request demands."""


class Store(Storage):
    """The emulator's store in memory.

    The emulator writes down all that it knows at each change, which is quadratic in the number of objects, and keeps
    contents by their path, where `folder` and `folder/` are the same.

    Attributes:
        finished: The objects of uploads that are done, by the upload's id.
        conditions: What the request at hand demands of the object that it changes; see `require`.
    """

    def __init__(self):
        super().__init__(use_memory_fs=True)
        self.finished = {}
        self.conditions = {}

    def _write_config_to_file(self):
        pass

    def _object_path(self, bucket_name, file_name):
        return f"{bucket_name}/{quote(file_name, safe='')}"

    def create_file(self, bucket_name, file_name, content, file_obj, file_id=None):
        """Keeps an object. Its `mediaLink` would have the name unquoted: clients make the address themselves."""
        self.require(bucket_name, file_name, self.conditions)
        file_obj.pop("mediaLink", None)
        file_obj["size"] = str(len(content))
        super().create_file(bucket_name, file_name, content, file_obj, file_id)
        if file_id:
            self.finished[file_id] = file_obj

    def add_to_resumable_upload(self, file_id, content, total_size=None, expected_start=None):
        """Takes a part of an upload; of one that is sent again what is there already is ignored."""
        there = self.get_resumable_byte_count(file_id)
        if expected_start is not None and expected_start < there:
            content, expected_start = (content or b"")[there - expected_start :], there
        return super().add_to_resumable_upload(file_id, content, total_size, expected_start)

    def delete_file(self, bucket_name, file_name):
        """Deletes an object."""
        self.require(bucket_name, file_name, self.conditions)
        super().delete_file(bucket_name, file_name)

    def require(self, bucket, name, conditions):
        """Compares an object's generation.

        Args:
            bucket: The object's bucket.
            name: Its name.
            conditions: Generations by "ifGenerationMatch" or "ifGenerationNotMatch"; "0" is no object.

        Raises:
            ConditionNotMetError: It is another.
        """
        generation = self.generation(bucket, name)
        demanded, forbidden = conditions.get("ifGenerationMatch"), conditions.get("ifGenerationNotMatch")
        if demanded not in (None, generation) or forbidden == generation:
            raise ConditionNotMetError("At least one of the pre-conditions you specified did not hold.")

    def generation(self, bucket, name):
        """Returns an object's generation; "0" if there is none, as conditions have it."""
        return str(self.objects.get(bucket, {}).get(name, {}).get("generation", "0"))

    def page(self, bucket, query):
        """Returns a page of a listing.

        Args:
            bucket: Its name.
            query: The request's parameters, one value each.
        """
        limit = min(int(query.get("maxResults", PAGE)), PAGE)
        after = query.get("pageToken", "")
        entries = (entry for entry in self._entries(bucket, query) if entry[0] > after)
        found = list(itertools.islice(entries, limit + 1))
        page = found[:limit]
        answer = {
            "kind": "storage#objects",
            "items": [item for _, item in page if item],
            "prefixes": [name for name, item in page if not item],
        }
        return answer | ({"nextPageToken": page[-1][0]} if len(found) > limit else {})

    def _entries(self, bucket, query):
        """Yields names in order, each with its object or, for what the delimiter cuts off, with nothing."""
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        seen = ""
        for name, item in sorted(self.objects.get(bucket, {}).items()):
            if not name.startswith(prefix) or not _asked_for(name, query):
                continue
            head, cut, _ = name[len(prefix) :].partition(delimiter) if delimiter else (name, "", "")
            if not cut:
                yield name, item
            elif prefix + head + cut != seen:
                seen = prefix + head + cut
                yield seen, None


def _asked_for(name, query):
    if name < query.get("startOffset", ""):
        return False
    if "endOffset" in query and name >= query["endOffset"]:
        return False
    return "matchGlob" not in query or gcs_glob_match(query["matchGlob"], name)
