using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Freshet;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MigrationPlatform.Data;

namespace MigrationPlatform.Tests.Hosting;

/// <summary>The platform on a real socket with a database of its own.</summary>
internal sealed class Platform : IAsyncDisposable
{
    private readonly string _folder;
    private readonly List<HttpClient> _clients = [];

    private readonly string[] _settings;
    private WebApplication _app;
    private bool _isGuest;

    private Platform(WebApplication app, string folder, string[] settings) =>
        (_app, _folder, _settings, Address) = (app, folder, settings, new Uri(app.Urls.First()));

    public Uri Address { get; }

    public HttpClient Anonymous => NewClient();

    public static async Task<Platform> StartAsync(params string[] settings)
    {
        var folder = await SeededDatabase.CopyAsync();
        var app = Build("http://127.0.0.1:0", folder, settings);
        await app.StartAsync();
        return new Platform(app, folder, settings);
    }

    /// <summary>Another node: the same settings on the same folder, which stays with this one.</summary>
    public async Task<Platform> StartAnotherAsync()
    {
        var app = Build("http://127.0.0.1:0", _folder, _settings);
        await app.StartAsync();
        return new Platform(app, _folder, _settings) { _isGuest = true };
    }

    /// <summary>Stops the server and starts it again where it was; in between it works on the database.</summary>
    public async Task RestartAsync(Func<Task> whileDown)
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = Build(Address.ToString(), _folder, _settings);
        await whileDown();
        await _app.StartAsync();
    }

    /// <summary>A client that carries the token of a user such as <c>alice@acme</c>.</summary>
    public async Task<HttpClient> SignInAsync(string user)
    {
        var client = NewClient();
        using var answer = await client.PostAsJsonAsync("/dev/token", new { user });
        answer.EnsureSuccessStatusCode();
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Collects what is logged from now on.</summary>
    public LogLines Log()
    {
        var lines = new LogLines();
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(lines);
        return lines;
    }

    /// <summary>Works on the database as a job of the tenant would: in process, past HTTP.</summary>
    public async Task InDatabaseAsync(string tenant, Func<PlatformDb, Task> work)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        using var entered = scope.ServiceProvider.GetRequiredService<TenantContext>().Enter(tenant);
        await work(scope.ServiceProvider.GetRequiredService<PlatformDb>());
    }

    /// <summary>Tells the cache of a change, as a job of the tenant would.</summary>
    public async Task InvalidateAsync(string tenant, Func<CacheInvalidationService, ValueTask> what)
    {
        using var entered = _app.Services.GetRequiredService<TenantContext>().Enter(tenant);
        await what(_app.Services.GetRequiredService<CacheInvalidationService>());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        if (!_isGuest) Directory.Delete(_folder, recursive: true);
    }

    private static WebApplication Build(string address, string folder, string[] settings) => PlatformApp.Build([
        "--environment", "Development", "--urls", address, "--Platform:DataFolder", folder,
        "--Logging:LogLevel:Default", "Warning", .. settings]);

    private HttpClient NewClient()
    {
        var client = new HttpClient { BaseAddress = Address };
        _clients.Add(client);
        return client;
    }
}
