"""Says in cause, place and cure what it means that a cluster can't be reached, or refuses."""

import http.client
import json
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from google.auth import exceptions as google_auth
from urllib3 import exceptions as urllib3

from components.errors import TransferlineError
from components.wording import printable
from pipeline.cluster.target import NAMES, ClusterTarget

SHOWN = 300
BAD, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, TOO_MANY, BROKEN = 400, 401, 403, 404, 429, 500
TOKEN_FILE = "KF_PIPELINES_SA_TOKEN_PATH"  # noqa: S105 (kfp's name of the variable that names the file)
AUTHORITY = "REQUESTS_CA_BUNDLE"
LOGIN = "Log in with `gcloud auth application-default login`"
KEY = "name a service account's key in GOOGLE_APPLICATION_CREDENTIALS"


@contextmanager
def explained(target: ClusterTarget) -> Iterator[None]:
    """Turns whatever the clients and the libraries below them raise into an error for people.

    Raises:
        TransferlineError: What was done with the cluster failed.
    """
    # It tells of each try; what they come to is said here. A thread of Google's client tries on by itself.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        yield
    except TransferlineError:
        raise
    except Exception as error:  # their own kinds, and those of the libraries below them
        raise explain(error, target) from error


def readable_file(variable: str, what: str) -> str | None:
    """Returns the path that a variable of the environment holds; None where it isn't set.

    Args:
        variable: Its name.
        what: What the file holds.

    Raises:
        TransferlineError: There is no such file, or it can't be read.
    """
    path = os.environ.get(variable)
    if not path:
        return None
    if not os.access(path, os.R_OK):
        raise TransferlineError(
            f"The file with the {what} can't be read.",
            place=path,
            cure=f"Set {variable} to a file that can be, or unset it.",
        )
    return path


def explain(error: Exception, target: ClusterTarget) -> TransferlineError:
    """Returns the error for people that stands for one of a client's."""
    behind = list(_behind(error))
    file = next((each for each in behind if isinstance(each, OSError) and isinstance(each.filename, str)), None)
    if file is not None:
        return TransferlineError(
            f"A file on this machine can't be used: {file.strerror}.",
            place=printable(file.filename),
            cure="Check its path and permissions.",
        )
    cause, cure = (
        _of_credentials(behind) or _of_status(behind, target) or _of_network(behind, target) or _of_rest(error, target)
    )
    return TransferlineError(cause, place=target.place, cure=cure)


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yields an error and those that led to it, in the ways that the libraries keep them."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and found not in seen:
            seen.append(found)
            waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
            yield found


def _of_credentials(behind: list[BaseException]) -> tuple[str, str] | None:
    for error in behind:
        said = _line(error.args[0] if error.args else error)
        if isinstance(error, google_auth.DefaultCredentialsError):
            return f"There are no credentials of Google Cloud that can be used: {said}.", f"{LOGIN}, or {KEY}."
        if isinstance(error, (google_auth.RefreshError, google_auth.OAuthError)):
            return f"Google Cloud takes the credentials no more: {said}.", f"{LOGIN} again, or {KEY} that is valid."
    return None


def _of_status(behind: list[BaseException], target: ClusterTarget) -> tuple[str, str] | None:
    """What a status of HTTP means, which both clients keep."""
    answered = next((each for each in behind if _status(each)), None)
    if answered is None:
        return None
    status, message = _status(answered), _message(answered)
    if status == BAD and "https" in _body(answered).lower():
        return _needs_https(target)
    meaning, cure = _meaning(status, message, target)
    return f"{NAMES[target.target]} {meaning} ({status}): {message}.", cure


def _meaning(status: int, message: str, target: ClusterTarget) -> tuple[str, str]:
    known = {
        UNAUTHENTICATED: ("doesn't know who asks", _login(target)),
        FORBIDDEN: ("forbids it", _permission(message, target)),
        NOT_FOUND: ("doesn't find it", _where_it_is(target)),
        TOO_MANY: ("takes no more for now", "Wait, or ask for more quota."),
    }
    refused = ("refuses it", "Change what the message names.")
    return known.get(status, ("fails", _health(target)) if status >= BROKEN else refused)


def _login(target: ClusterTarget) -> str:
    if target.target == "vertex":
        return f"{LOGIN} again, or {KEY} that is valid."
    token = f"`kubectl create token ACCOUNT -n {target.namespace or 'NAMESPACE'} --audience pipelines.kubeflow.org`"
    return f"Write a new token, as {token} prints it, to a file, and name the file in {TOKEN_FILE}."


def _permission(message: str, target: ClusterTarget) -> str:
    if target.target == "kubeflow":
        namespace = f"the namespace {target.namespace}" if target.namespace else "it"
        return f"Ask an administrator for the role kubeflow-edit in {namespace}, or give another --namespace."
    if "has not been used" in message or "is disabled" in message:
        return f"Turn it on: `gcloud services enable aiplatform.googleapis.com --project {target.project}`."
    return "Check --project, which is its ID and not its name, and ask its owner for the role roles/aiplatform.user."


def _where_it_is(target: ClusterTarget) -> str:
    if target.target == "vertex":
        return "Check --project, which is its ID and not its name, and --region."
    return "Check --endpoint: it needs the API of Kubeflow Pipelines 2, below /apis/v2beta1."


def _health(target: ClusterTarget) -> str:
    if target.target == "vertex":
        return "Try again later; https://status.cloud.google.com says what is out of order."
    return f"Look at its pods: `kubectl get pods -n {target.namespace or 'kubeflow'}`."


def _of_network(behind: list[BaseException], target: ClusterTarget) -> tuple[str, str] | None:
    """Why nobody answered, by the first kind of error that is found behind what was raised."""
    for kinds, say in NETWORK:
        if any(isinstance(each, kinds) for each in behind):
            return say(target)
    unknown = next((each for each in behind if isinstance(each, (urllib3.HTTPError, OSError))), None)
    if unknown is None:
        return None
    return f"{NAMES[target.target]} can't be reached: {_line(unknown)}.", _address(target)


def _no_such_name(target: ClusterTarget) -> tuple[str, str]:
    return "There is no machine of this name, or no network that knows it.", _address(target)


def _nobody_listens(target: ClusterTarget) -> tuple[str, str]:
    forward = (
        "" if target.target == "vertex" else (" If it comes from `kubectl port-forward`, see that this still runs.")
    )
    return "Nobody listens at this address.", _address(target) + forward


def _silent(target: ClusterTarget) -> tuple[str, str]:
    return "Nobody answers at this address.", f"{_address(target)} A firewall or a VPN may be in between."


def _untrusted(target: ClusterTarget) -> tuple[str, str]:
    cure = f"Name the file with the certificate of its authority in {AUTHORITY}."
    return "The certificate at this address is of no authority that is trusted here.", cure


def _needs_http(target: ClusterTarget) -> tuple[str, str]:
    return "What answers at this address doesn't speak https.", f"Give --endpoint {_with('http', target.endpoint)}."


def _broken_off(target: ClusterTarget) -> tuple[str, str]:
    if target.endpoint.startswith("http://"):
        return _needs_https(target)
    return "The connection was closed without an answer.", f"{_health(target)} A proxy may be in between."


def _needs_https(target: ClusterTarget) -> tuple[str, str]:
    return "What answers at this address doesn't speak http.", f"Give --endpoint {_with('https', target.endpoint)}."


NETWORK: tuple[tuple[tuple[type[BaseException], ...], Callable[[ClusterTarget], tuple[str, str]]], ...] = (
    ((socket.gaierror,), _no_such_name),
    ((ConnectionRefusedError,), _nobody_listens),
    ((ssl.SSLCertVerificationError,), _untrusted),
    ((ssl.SSLError,), _needs_http),
    ((TimeoutError, urllib3.TimeoutError), _silent),
    ((http.client.HTTPException, ConnectionError), _broken_off),
)
"""What each kind means. An earlier one is more certain: a library may make a later one of it."""


def _address(target: ClusterTarget) -> str:
    if target.target == "vertex" and not target.endpoint:
        return "Check --region and the network."
    return "Check --endpoint and the network."


def _with(scheme: str, endpoint: str) -> str:
    return f"{scheme}://{endpoint.partition('://')[2]}"


def _of_rest(error: Exception, target: ClusterTarget) -> tuple[str, str]:
    cure = "Compare the versions of the cluster and of its client: docs/kubeflow.md says which were tried."
    # Some say little without their kind.
    return f"{NAMES[target.target]} didn't take the request: {type(error).__name__}: {_line(error)}.", cure


def _status(error: BaseException) -> int:
    """The status that an answer had, as kfp's and Google's errors keep it; 0 for an error that is no answer."""
    status = getattr(error, "status", None) or getattr(error, "code", None)
    return int(status) if isinstance(status, int) else 0


def _message(error: BaseException) -> str:
    """What the server said, in a line: its JSON's message, or its text unless that is a page for a browser."""
    response = getattr(error, "response", None)
    said = _body(error)
    try:
        parsed = json.loads(said)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict):
        inner = parsed.get("error")
        said = str(parsed.get("message") or (inner.get("message") if isinstance(inner, dict) else inner))
    elif said.lstrip().startswith("<"):
        said = ""
    return _line(said or getattr(error, "reason", None) or getattr(response, "reason", None) or error)


def _body(error: BaseException) -> str:
    """The text of an answer, as kfp's and Google's errors keep it."""
    return str(getattr(error, "body", None) or getattr(getattr(error, "response", None), "text", None) or "")


def _line(said: object) -> str:
    line = next((line for line in str(said).strip().splitlines() if line.strip()), type(said).__name__)
    return printable(line.strip().rstrip(".")[:SHOWN])
