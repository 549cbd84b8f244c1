"""Reaches Vertex AI by Google's own client, over REST: its errors say more, and proxies let it through."""

from typing import Any

import google.auth
from google.cloud.aiplatform import utils
from google.cloud.aiplatform.constants.base import SUPPORTED_REGIONS
from google.cloud.aiplatform_v1 import PipelineServiceClient

from components.errors import TransferlineError
from components.wording import nearest
from pipeline.cluster.refusals import AUTHORITY, explained, readable_file
from pipeline.cluster.target import ClusterTarget

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
ANSWER = 20
"""Seconds that a request may take."""


def connect(target: ClusterTarget) -> PipelineServiceClient:
    """Returns a client, after it has been seen that it can ask for the project's runs.

    Raises:
        TransferlineError: The region, the project or the credentials are no good.
    """
    _check_region(target.region)
    readable_file(AUTHORITY, "certificate")
    with explained(target):
        client = PipelineServiceClient(
            credentials=credentials(), transport="rest", client_options={"api_endpoint": api_endpoint(target)}
        )
        list_jobs(client, target, page_size=1)
    return client


def credentials() -> Any:
    """Returns those of now: Google's libraries keep the first that they find."""
    found, _ = google.auth.default(scopes=SCOPES)
    return found


def api_endpoint(target: ClusterTarget) -> str:
    """Returns the address of the API."""
    return target.endpoint or f"{target.region}-aiplatform.googleapis.com"


def list_jobs(client: PipelineServiceClient, target: ClusterTarget, **request: Any) -> Any:
    """Asks for runs of the project."""
    return client.list_pipeline_jobs(request={"parent": parent(target), **request}, timeout=ANSWER)


def page(target: ClusterTarget, resource: str) -> str:
    """Returns the address of a run's page.

    Args:
        target: Where it is.
        resource: The run's whole name, as Vertex AI has it.
    """
    run = resource.rpartition("/")[2]
    runs = f"https://console.cloud.google.com/vertex-ai/locations/{target.region}/pipelines/runs"
    return f"{runs}/{run}?project={target.project}"


def parent(target: ClusterTarget) -> str:
    """Returns the name of what runs belong to."""
    return f"projects/{target.project}/locations/{target.region}"


def _check_region(region: str) -> None:
    try:
        utils.validate_region(region)
    except ValueError as error:
        raise TransferlineError(
            f"Vertex AI has no region '{region}'{nearest(region, SUPPORTED_REGIONS)}.",
            place="--region",
            cure="Use one of https://cloud.google.com/vertex-ai/docs/general/locations, such as europe-west4.",
        ) from error
