using Traffic.Playing;

namespace Traffic.Demo;

/// <summary>The platform, just started on a fresh database in a folder of its own: one node, or several that share it. All ends with it.</summary>
internal sealed class PlatformNodes : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly List<PlatformProcess> _nodes = [];

    private PlatformNodes(DirectoryInfo folder, Site site) => (_folder, Site) = (folder, site);

    public Site Site { get; }

    /// <summary>Starts the nodes and returns when all answer.</summary>
    /// <param name="options">How many, and where.</param>
    /// <param name="freshet">Whether anything is answered from the cache.</param>
    /// <param name="settings">More settings of each node, as environment variables.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancel">Ends the start.</param>
    /// <exception cref="DemoException">A port is in use, the folder cannot be written, or a node does not start.</exception>
    public static async Task<PlatformNodes> StartAsync(
        DemoOptions options, bool freshet, IReadOnlyDictionary<string, string> settings, TimeProvider time, CancellationToken cancel)
    {
        var site = new Site([.. Enumerable.Range(options.Port, options.Nodes).Select(port => new Uri($"http://127.0.0.1:{port}/"))]);
        foreach (var node in site.Nodes) PlatformProcess.CheckPort(node.Port);
        var platform = new PlatformNodes(CreateFolder(), site);
        try
        {
            // The first one makes the database and the keys of the tokens; then the others find them in the folder.
            await StartAsync(site.Nodes[0]);
            await Task.WhenAll(site.Nodes.Skip(1).Select(StartAsync));
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }

        async Task StartAsync(Uri address)
        {
            var node = await PlatformProcess.StartAsync(options.Platform, address, platform._folder, freshet, settings, time, cancel);
            lock (platform._nodes) platform._nodes.Add(node);
        }
    }

    /// <summary>Ends when one of the processes does.</summary>
    public Task ExitedAsync(CancellationToken cancel) => Task.WhenAny(_nodes.Select(node => node.ExitedAsync(cancel))).Unwrap();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static DirectoryInfo CreateFolder()
    {
        try
        {
            return Directory.CreateTempSubdirectory("freshet-demo-");
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            throw new DemoException($"The database needs a folder under {Path.GetTempPath()}: {denied.Message}", denied);
        }
    }
}
