"""Sessions of Spark Connect in one process, on the running stack."""

import subprocess
import sys

import pytest

from crossover.settings import Settings

pytestmark = pytest.mark.integration
# Ended and unreachable, a session is garbage in a cycle; the collector is made to run at the worst moment: while the
# pool that gives results back holds its lock.
PROGRAM = """
import faulthandler, gc
faulthandler.dump_traceback_later(60, exit=True)
from concurrent.futures import ThreadPoolExecutor
from crossover.connections import connect_spark
from crossover.settings import load_settings

first, second = connect_spark(load_settings()), connect_spark(load_settings())
first.range(10).collect()
first.stop()
start_thread = ThreadPoolExecutor._adjust_thread_count
def collect_garbage_first(pool):
    gc.collect()
    start_thread(pool)
ThreadPoolExecutor._adjust_thread_count = collect_garbage_first
first.itself = first
del first
gc.disable()
print(second.range(10).count())
second.stop()
"""


def test_a_session_that_is_collected_stops_no_other(stack: Settings) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "10\n"), done.stderr[-3000:]
