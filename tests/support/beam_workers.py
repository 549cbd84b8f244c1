"""Beam's own job service, where several worker processes share the bundles of each stage.

Beam's command has one worker a job, from the one pool that the job names. Here each comes from a pool of its own, at a
loopback address of its own, as an engine has a pool beside each of its machines. Workers are forked from a process that
has imported the libraries: what is tested is how work is shared, not how long an import takes. Where that is measured,
they are spawned.

`python beam_workers.py FOLDER WORKERS [spawn]` serves until it is ended. The folder then has `ready.json` with the
addresses, and `events.jsonl` with each worker, what it did, and whether it was killed, and when. A file `kill` with a
transform's name has the next worker at work on it killed with -9; a file `restart` has the next job that fails begun
anew, as Flink does it.
"""

import itertools
import json
import multiprocessing
import signal
import sys
import threading
import time
from pathlib import Path

import grpc
from apache_beam.metrics.monitoring_infos import ELEMENT_COUNT_URN, extract_counter_value
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    beam_job_api_pb2,
    beam_runner_api_pb2,
    endpoints_pb2,
)
from apache_beam.portability.common_urns import environments
from apache_beam.runners.portability import local_job_service
from apache_beam.runners.portability.fn_api_runner import fn_runner, worker_handlers
from apache_beam.runners.worker.sdk_worker import SdkHarness
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance

EXTERNAL = environments.EXTERNAL.urn
IMPORTED = [
    "components.csv_example_gen.executor",
    "components.evaluator.executor",
    "components.image_example_gen.executor",
    "components.statistics_gen.executor",
    "components.transform.executor",
]


class Desk:
    """What the pools, the workers and the jobs have in common.

    Args:
        folder: For `ready.json`, `events.jsonl`, `kill` and `restart`.
        method: How workers start, as `multiprocessing` calls it.
    """

    def __init__(self, folder, method):
        self.pools = []
        self.processes = multiprocessing.get_context(method)
        self._folder = folder
        self._lock = threading.Lock()
        self._turn = itertools.count()

    def note(self, **event):
        with self._lock, (self._folder / "events.jsonl").open("a") as file:
            file.write(json.dumps({"at": time.time(), **event}) + "\n")

    def take(self, name):
        """Returns what a file says, and removes it; "" where there is none."""
        with self._lock:
            file = self._folder / name
            text = file.read_text() if file.is_file() else ""
            file.unlink(missing_ok=True)
            return text

    def wanted(self):
        """The transform whose next worker is to be killed; "" where none is."""
        file = self._folder / "kill"
        return file.read_text() if file.is_file() else ""

    def next_pool(self):
        return self.pools[next(self._turn) % len(self.pools)]


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts workers, as Beam's own pool does, at an address of its own."""

    def __init__(self, desk, host):
        self.processes = {}
        self._desk = desk
        self._server = grpc.server(shared_unbounded_instance())
        self.address = f"{host}:{self._server.add_insecure_port(f'{host}:0')}"
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(self, self._server)
        self._server.start()

    def StartWorker(self, request, _context):
        given = (request.control_endpoint.url, request.worker_id)
        process = self._desk.processes.Process(target=work, args=given, daemon=True)
        process.start()
        self.processes[request.worker_id] = process
        self._desk.note(worker=request.worker_id, pool=self.address, pid=process.pid)
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request, _context):
        if process := self.processes.pop(request.worker_id, None):
            process.terminate()
        return beam_fn_api_pb2.StopWorkerResponse()


def work(control, worker_id):
    """What a worker does until its job has ended."""
    SdkHarness(control, worker_id=worker_id).run()


class Handler(worker_handlers.ExternalWorkerHandler):
    """A worker as the runner has it: of the next pool; notes what it does, kills it, and tells that it is dead."""

    desk = None
    _closed = False

    def __init__(self, _payload, *arguments):
        self._pool = self.desk.next_pool()
        endpoint = endpoints_pb2.ApiServiceDescriptor(url=self._pool.address)
        super().__init__(beam_runner_api_pb2.ExternalPayload(endpoint=endpoint), *arguments)
        self._push, self.control_conn.push = self.control_conn.push, self._noted_push

    def start_worker(self):
        super().start_worker()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        """Does as Beam's handler of containers does: without it, a job would wait for a dead worker for ever."""
        process = self._pool.processes[self.worker_id]
        process.join()
        while not self._closed:
            self.control_conn.abort(RuntimeError(f"SDK exited unexpectedly: {self.worker_id}, {process.exitcode}"))
            time.sleep(0.1)

    def close(self):
        self._closed = True
        super().close()

    def _noted_push(self, request):
        future = self._push(request)
        if isinstance(request, beam_fn_api_pb2.InstructionRequest) and request.HasField("process_bundle"):
            threading.Thread(target=self._follow, args=(request, future), daemon=True).start()
        return future

    def _follow(self, request, bundle):
        """Looks at a bundle until it is done."""
        descriptor = self._grpc_server.control_handler._worker_manager.get_process_bundle_descriptor(
            request.process_bundle
        )
        names = sorted(transform.unique_name for transform in descriptor.transforms.values())
        while not bundle.is_done() and not bundle._exception and self.desk.wanted():
            if self._elements_so_far(request.instruction_id) and any(self.desk.wanted() in name for name in names):
                self.desk.take("kill")
                self._pool.processes[self.worker_id].kill()
                self.desk.note(killed=self.worker_id, transforms=names)
                return
            time.sleep(0.01)
        if not bundle._exception:
            self.desk.note(worker=self.worker_id, elements=elements(bundle.get().process_bundle), transforms=names)

    def _elements_so_far(self, bundle):
        asked = beam_fn_api_pb2.ProcessBundleProgressRequest(instruction_id=bundle)
        told = self._push(beam_fn_api_pb2.InstructionRequest(process_bundle_progress=asked)).get(timeout=5)
        return elements(told.process_bundle_progress)


def elements(answer):
    """How many elements a worker says it has passed on, over all transforms."""
    return sum(extract_counter_value(info) for info in answer.monitoring_infos if info.urn == ELEMENT_COUNT_URN)


class Job(local_job_service.BeamJob):
    """A job with as many workers as there are pools."""

    desk = None

    def _invoke_runner(self):
        while True:
            try:
                return self._run_once()
            except Exception:
                if not self.desk.take("restart"):
                    raise
                self.desk.note(restarted=self._job_id)

    def _run_once(self):
        self.set_state(beam_job_api_pb2.JobState.RUNNING)
        runner = fn_runner.FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = len(self.desk.pools)
        return runner.run_via_runner_api(self._pipeline_proto, self.pipeline_options())


def main(folder, workers, method="forkserver"):
    desk = Handler.desk = Job.desk = Desk(folder, method)
    desk.processes.set_forkserver_preload(IMPORTED)
    first = desk.processes.Process(target=int)  # after it all is imported: Prism waits for a worker for a minute only
    first.start()
    first.join()
    desk.pools += [Pool(desk, f"127.0.0.{number + 2}") for number in range(workers)]
    worker_handlers.WorkerHandler.register_environment(EXTERNAL, beam_runner_api_pb2.ExternalPayload)(Handler)
    service = local_job_service.LocalJobServicer(beam_job_type=Job)
    ready = {"endpoint": f"localhost:{service.start_grpc_server()}", "pools": [pool.address for pool in desk.pools]}
    (folder / "starting").write_text(json.dumps(ready))
    (folder / "starting").rename(folder / "ready.json")
    signal.pause()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
