import os

from threadpoolctl import threadpool_info

from components.threads import NUMBERS_A_THREAD, threads_for


def allowed():
    return max(each["num_threads"] for each in threadpool_info())


def test_few_numbers_get_one_thread_and_many_all():
    import sklearn.ensemble  # noqa: F401, PLC0415 (the routines that are bounded)

    before, cores = allowed(), len(os.sched_getaffinity(0))
    with threads_for(NUMBERS_A_THREAD - 1) as count:
        assert count == allowed() == 1
    assert allowed() == before
    with threads_for(1000 * cores * NUMBERS_A_THREAD) as count:
        assert count == cores
    with threads_for(0) as count:
        assert count == 1
