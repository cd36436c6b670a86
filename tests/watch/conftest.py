from tests.centre.conftest import bench, database, quick, site_home  # noqa: F401
