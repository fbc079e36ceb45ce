// Apache's files need Unix permissions; the journeys run where Apache, PostgreSQL and Redis do.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
