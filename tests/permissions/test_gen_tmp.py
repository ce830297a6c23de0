import pytest
from tests.permissions.routes import routes
from tests.permissions.table import line_of, TABLE
from tests.permissions.viewers import build_world, VIEWERS
from tests.permissions.walk import walk
@pytest.mark.django_db
@pytest.mark.timeout(1500)
def test_x():
    rows = walk(build_world(), routes())
    head = "# "+" | ".join(VIEWERS)+"\n"
    TABLE.write_text(head+"\n".join(line_of(r,m,c) for (r,m),c in rows.items())+"\n")
