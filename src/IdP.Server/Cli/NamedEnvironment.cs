using Microsoft.Extensions.FileProviders;

namespace IdP.Server.Cli;

/// <summary>Tells the rooms whether this is Development, where no web host says so.</summary>
internal sealed class NamedEnvironment(string name) : IHostEnvironment
{
    public string EnvironmentName { get; set; } = name;
    public string ApplicationName { get; set; } = "idp";
    public string ContentRootPath { get; set; } = AppContext.BaseDirectory;
    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
}
