"""Screenshots of the new pages on a seeded live server."""
import pytest
from tests.pages.seed import build
from tests.pages.test_browser import signed_in, WIDER
from tests.catalog.described import full_dataset, full_model
from catalog.services import register_stub, create_artifact
pytestmark=[pytest.mark.browser, pytest.mark.django_db(transaction=True)]

def test_shots(chromium, live_server, client):
    seed = build()
    ann = seed.ann
    data = full_dataset(ann); model = full_model(data)
    stub = register_stub(title="Outside data", address="10.5281/zenodo.99", by=ann)
    new = create_artifact(kind="dataset", title="Half done", summary="x.", by=ann, origin="derived", licence="MIT")
    client.force_login(ann)
    D=f"/artifacts/{data.slug}/1.0.0/"; N=f"/artifacts/{new.slug}/1.0.0/"
    pages={"catalog":"/catalog/","new":"/catalog/new/","import":"/catalog/import/","dataset":data.get_absolute_url(),"model":model.get_absolute_url(),
      "statement":D+"statement/","summary":f"/artifacts/{model.slug}/1.0.0/training-summary/","edit":N+"edit/","composition":N+"edit/statement/composition/","people":D+"edit/people/","lineage":N+"edit/lineage/?q=crystal","files":D+"edit/files/","renew":D+"edit/new-version/","claim":f"/artifacts/{stub.slug}/1.0.0/claim/","submit":f"{seed.open.get_absolute_url()}submit/"}
    out=[]
    for width,scheme in ((390,"dark"),(1280,"light")):
        ctx=signed_in(chromium, live_server, client, viewport={"width":width,"height":900}, color_scheme=scheme)
        page=ctx.new_page(); told=[]
        page.on("console", lambda m: told.append(m.text)); page.on("pageerror", lambda e: told.append(str(e)))
        for n,u in pages.items():
            r=page.goto(u); out.append((width,n,r.status,page.evaluate(WIDER),list(told))); told.clear()
            page.screenshot(path=f"/tmp/st/{n}-{width}.png", full_page=True)
        ctx.close()
    bad=[o for o in out if o[2]!=200 or o[3]!=0 or o[4]]
    print(bad); assert not bad, bad
