import pytest

from tests.permissions.routes import routes
from tests.permissions.table import TABLE, line_of
from tests.permissions.viewers import VIEWERS, build_world
from tests.permissions.walk import walk


@pytest.mark.django_db
@pytest.mark.timeout(1500)
def test_x():
    rows = walk(build_world(), routes())
    head = "# "+" | ".join(VIEWERS)+"\n"
    TABLE.write_text(head+"\n".join(line_of(r,m,c) for (r,m),c in rows.items())+"\n")
