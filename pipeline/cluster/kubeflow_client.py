"""Reaches Kubeflow Pipelines by its own client, which waits, asks and writes less here than it would."""

import json
import warnings
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import kfp
import kfp_server_api
from kfp.client import ServiceAccountTokenVolumeCredentials
from urllib3.util import Retry

from components.errors import TransferlineError
from components.wording import listed, nearest
from pipeline.cluster.refusals import AUTHORITY, NOT_FOUND, TOKEN_FILE, explained, readable_file
from pipeline.cluster.target import ClusterTarget

CONNECT, ANSWER = 5, 20
"""Seconds that the first request may take."""
KNOWN, PAGE = 50, 20


class Client(kfp.Client):
    """kfp's client for a program that nobody talks with.

    Its own asks an address that doesn't answer for minutes, may ask for a login in a browser, and writes what it learnt
    into the user's home.
    """

    def _load_config(  # its own arguments, by their places
        self, host: str, client_id: str | None, namespace: str, _app: str | None, _secret: str | None, *others: Any
    ) -> Any:
        """Takes the login that was saved, or a service account's: without an app's secret it can't ask for one."""
        config = super()._load_config(host, client_id, namespace, None, None, *others)
        config.retries = Retry(connect=0, read=0, redirect=3)
        return config

    def get_kfp_healthz(self, sleep_duration: int = 0) -> kfp_server_api.V2beta1GetHealthzResponse:
        """Asks once, and looks whether it is Kubeflow that answers. Any page would do for kfp's own client."""
        client = self._healthz_api.api_client
        client.call_api("/apis/v2beta1/healthz", "GET", auth_settings=["Bearer"], _request_timeout=(CONNECT, ANSWER))
        try:
            answer = json.loads(client.last_response.data)
            return kfp_server_api.V2beta1GetHealthzResponse(multi_user=answer.get("multi_user"))
        except (ValueError, AttributeError) as error:
            raise TransferlineError(
                "What answers at this address isn't the API of Kubeflow Pipelines.",
                place=client.configuration.host,
                cure="Give what stands before /#/ in the address of its page. If that page asks for a login, "
                f"name a file with a token in {TOKEN_FILE}.",
            ) from error

    def set_user_namespace(self, namespace: str) -> None:
        """Keeps it for this client alone."""
        self._context_setting["namespace"] = namespace


def connect(target: ClusterTarget) -> Client:
    """Returns a client, after it has been seen that it can ask for experiments.

    Raises:
        TransferlineError: The address or the login is no good.
    """
    with explained(target), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # kfp says which releases its client is for
        client = Client(
            host=target.endpoint,
            namespace=target.namespace or "kubeflow",
            credentials=_credentials(),
            ssl_ca_cert=readable_file(AUTHORITY, "certificate"),
        )
        if client.get_kfp_healthz().multi_user and not client.get_user_namespace():
            raise TransferlineError(
                "This Kubeflow has several users, each with a namespace.",
                place=target.place,
                cure="Give yours with --namespace.",
            )
        client.list_experiments(page_size=1)
    return client


def _credentials() -> ServiceAccountTokenVolumeCredentials | None:
    """A token from the file that kfp's own variable names; None leaves the login to kfp's client."""
    path = readable_file(TOKEN_FILE, "token")
    return ServiceAccountTokenVolumeCredentials(path) if path else None


def experiment_id(client: Client, name: str) -> str:
    """Returns the ID of an experiment that there is.

    Raises:
        TransferlineError: There is none of the name.
    """
    try:
        return str(client.get_experiment(experiment_name=name).experiment_id)
    except ValueError as error:
        if not str(error).startswith("No experiment"):  # as kfp says it
            raise
        names = [each.display_name for each in client.list_experiments(page_size=KNOWN).experiments or []]
        another = f"Give one of {listed(names)} with --experiment, or start" if names else "Start"
        raise TransferlineError(
            f"There is no experiment '{name}'{nearest(name, names)}.",
            place="--experiment",
            cure=f"{another} a run in it with `transferline submit`.",
        ) from error


def runs_of(client: Client, experiment: str, name: str) -> Iterator[kfp_server_api.V2beta1Run]:
    """Yields the runs in an experiment whose specification has the pipeline's name, the newest first.

    Kubeflow can't be asked for them: it filters by what a run is called, and a schedule calls its runs as it likes.
    """
    uploaded = cache(partial(_uploaded_spec, client))
    token = ""
    while True:
        page = client.list_runs(page_token=token, page_size=PAGE, sort_by="created_at desc", experiment_id=experiment)
        for run in page.runs or []:
            of = run.pipeline_version_reference
            spec = run.pipeline_spec or (uploaded(of.pipeline_id, of.pipeline_version_id) if of else {})
            if run.storage_state != "ARCHIVED" and (_name(spec) or run.display_name) == name:
                yield run
        token = page.next_page_token
        if not token:
            return


def _uploaded_spec(client: Client, pipeline: str, version: str) -> dict[str, Any]:
    """Returns what somebody uploaded by hand and ran; {} for what was deleted since."""
    try:
        return client.get_pipeline_version(pipeline, version).pipeline_spec or {}
    except kfp_server_api.ApiException as error:
        if error.status != NOT_FOUND:
            raise
        return {}


def _name(spec: dict[str, Any]) -> str:
    """Returns a specification's name; one that says something of pods, too, has the pipeline as a part."""
    pipeline = spec.get("pipeline_spec", spec)
    return str(pipeline.get("pipelineInfo", {}).get("name", ""))
