using IdP.Server.Hosting;

await IdpHost.Build(args).RunAsync();
