from tests.centre.conftest import bench, database, postgres, quick, site_home  # noqa: F401
