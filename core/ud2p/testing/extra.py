"""What the suites need beside ud2p: the extra ``testing``. Whoever lacks it reads how to get it, not which module is
missing."""

from __future__ import annotations

try:
    import hypothesis as hypothesis
    import pytest as pytest
    import pytest_asyncio as pytest_asyncio
    from hypothesis import strategies as strategies
except ModuleNotFoundError as error:
    raise ImportError(
        f'ud2p.testing needs {error.name}, which is not installed; run: pip install "ud2p[testing]"'
    ) from error

# Both in one loop, whatever scope the tests of a project have by default.
asyncio_test = pytest.mark.asyncio(loop_scope="function")
asyncio_fixture = pytest_asyncio.fixture(loop_scope="function")
