"""Rows of -serve with very many files: latency, memory, and the speed of files compared with nginx."""

import os
import shutil
import statistics
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

from datacontainer.entrypoint.gobuild import GO_ENVIRONMENT, find_go
from measure import Command, MissingProgramError, run
from pipeline import Bench
from table import Figure, megabytes, ratio
from tools.servers import free_port, listens, serving
from workflow import Build

CLIENTS, SMALL_FILES, LARGE_BYTES = 50, 10_000, 10**9
# Requests all addresses of a file with a number of clients, and discards the answers.
CLIENT = """package main

import ("bufio"; "io"; "net/http"; "os"; "strconv"; "sync")

func main() {
	clients, _ := strconv.Atoi(os.Args[1])
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = clients
	file, _ := os.Open(os.Args[2])
	addresses := make(chan string)
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for address := range addresses {
				answer, err := http.Get(address)
				if err != nil || answer.StatusCode != 200 { println("failed:", address); os.Exit(1) }
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() { addresses <- lines.Text() }
	close(addresses)
	group.Wait()
}
"""
NGINX = """daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  server {{ listen 127.0.0.1:{port}; root {root}; }} }}
"""


def serve(bench: Bench) -> Iterator[Figure]:
    """The latency and memory of -serve with very many files, and its speed beside nginx."""
    folder = bench.work / "serve"
    folder.mkdir(exist_ok=True)
    build = bench.small(2)
    client = _client(folder)
    # The mount is the folder of the dataset, so that the program finds the files outside of an image.
    served = Build(build.dataset, bench.work / "served", formats=(), mount=str(build.dataset))
    served.run("entrypoint")
    yield from _latency(served, client, folder, bench.times)
    yield from _against_nginx(bench, client, folder)
    shutil.rmtree(folder)


def _latency(build: Build, client: Path, folder: Path, times: int) -> Iterator[Figure]:
    port, log = free_port(), folder / "log"
    starts = []
    for _ in range(2 * times):
        began = time.perf_counter()
        with serving([build.entrypoint, "-serve", f"127.0.0.1:{port}"], _at_once, log):
            _get(f"http://127.0.0.1:{port}/api/info")
            starts.append(1000 * (time.perf_counter() - began))
    yield _milliseconds("-serve: first answer after the start", starts, 20)
    with serving([build.entrypoint, "-serve", f"127.0.0.1:{port}"], _at_once, log) as process:
        address = f"http://127.0.0.1:{port}"
        _get(f"{address}/api/info")
        for title, path, limit in (
            ("-serve: search", "/api/files?get=00777&limit=100", 100),
            ("-serve: condition", "/api/files?where=size%20%3C%2090&limit=100", 100),
            ("-serve: list of a folder", "/api/folder?limit=500", 20),
        ):
            yield _milliseconds(title, [_get(address + path) for _ in range(5 * times)], limit)
        addresses = folder / "searches"
        searches = [f"{address}/api/files?get={number:05}&limit=100" for number in range(500)]
        addresses.write_text("".join(f"{one}\n" for one in searches))
        run(Command([client, str(CLIENTS), addresses]))
        peak, index = _peak_bytes(process.pid), _index_bytes(build)
    more = (peak - index) / 1e6
    title = f"memory of -serve, {CLIENTS} clients"
    yield Figure(title, megabytes(peak), f"index {megabytes(index)}", more, 64, "MB more")


def _against_nginx(bench: Bench, client: Path, folder: Path) -> Iterator[Figure]:
    data = folder / "data"
    (data / "small").mkdir(parents=True)
    for number in range(SMALL_FILES):
        (data / "small" / str(number)).write_bytes(b"%04096d" % number)
    (data / "large").write_bytes(os.urandom(1 << 20) * (LARGE_BYTES >> 20))
    build = Build(data, folder / "results", formats=(), mount=str(data))
    build.run("entrypoint")
    ours, theirs = free_port(), free_port()
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        raise MissingProgramError("nginx")
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=theirs, root=data))
    with (
        serving([build.entrypoint, "-serve", f"127.0.0.1:{ours}"], lambda: listens(ours), folder / "log"),
        serving([nginx, "-c", folder / "nginx.conf", "-p", folder], lambda: listens(theirs), folder / "log"),
    ):
        addresses = (f"http://127.0.0.1:{ours}{data}", f"http://127.0.0.1:{theirs}")
        large = _alternate(client, folder, ["/large"], 1, addresses=addresses, times=bench.times)
        yield ratio("-serve: a file of 1 GB", large[0], "nginx", large[1], 1.11)
        names = [f"/small/{number}" for number in range(SMALL_FILES)]
        small = _alternate(client, folder, names, CLIENTS, addresses=addresses, times=bench.times)
        yield ratio(f"-serve: {SMALL_FILES:,} files of 4 KB, {CLIENTS} clients", small[0], "nginx", small[1], 2)


def _alternate(
    client: Path, folder: Path, names: Sequence[str], clients: int, *, addresses: Sequence[str], times: int
) -> list[list[float]]:
    """The seconds to request all names from each address, in turns."""
    measured: list[list[float]] = [[] for _ in addresses]
    for number in range(times + 1):
        for found, address in zip(measured, addresses, strict=True):
            file = folder / "addresses"
            file.write_text("".join(f"{address}{name}\n" for name in names))
            took = run(Command([client, str(clients), file])).seconds
            # The first turn fills the caches.
            found.extend([took] if number else [])
    return measured


def _client(folder: Path) -> Path:
    (folder / "go.mod").write_text("module client\n\ngo 1.25\n")
    (folder / "main.go").write_text(CLIENT)
    run(Command([find_go(), "build", "-o", "client", "."], folder=folder, environment=GO_ENVIRONMENT))
    return folder / "client"


def _at_once() -> bool:
    """The first request waits until the server listens."""
    return True


def _get(address: str) -> float:
    """The milliseconds until the whole answer, after waiting for the server to listen."""
    while True:
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(address) as answer:
                answer.read()
            return 1000 * (time.perf_counter() - began)
        except OSError as error:
            if not isinstance(getattr(error, "reason", None), ConnectionRefusedError):
                raise
            time.sleep(0.0005)


def _milliseconds(title: str, values: Sequence[float], limit: float) -> Figure:
    return Figure(title, f"{statistics.median(values):.1f} ms", "", statistics.median(values), limit, "ms", values)


def _peak_bytes(process: int) -> int:
    (line,) = (one for one in Path(f"/proc/{process}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def _index_bytes(build: Build) -> int:
    return sum(path.stat().st_size for path in (build.results / "stages/render").glob("index*.bin"))
