using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Freshet.Loading;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Freshet.AspNetCore.Tests.Testing;

/// <summary>An application on Kestrel, on a port of its own, whose clock stands still until a test moves it.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestApp(WebApplication app, FakeTimeProvider time, LogLines log, HttpClient client)
    {
        _app = app;
        Time = time;
        Log = log;
        Client = client;
    }

    public FakeTimeProvider Time { get; }

    public LogLines Log { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public CacheEngine Engine => Services.GetRequiredService<CacheEngine>();

    public Uri Address => Client.BaseAddress!;

    /// <param name="map">Maps the endpoints, after UseFreshet.</param>
    /// <param name="freshet">Adds to AddFreshet.</param>
    /// <param name="services">Adds services.</param>
    /// <param name="pipeline">What stands before UseFreshet instead of authentication and authorization.</param>
    /// <param name="environment">The environment; Production unless said otherwise.</param>
    /// <param name="behind">Middleware behind UseFreshet.</param>
    /// <param name="useFreshet">Whether to call UseFreshet.</param>
    public static async Task<TestApp> StartAsync(
        Action<WebApplication> map, Action<FreshetBuilder>? freshet = null, Action<IServiceCollection>? services = null,
        Action<WebApplication>? pipeline = null, string environment = "Production", Action<WebApplication>? behind = null, bool useFreshet = true)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = environment });
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 3, 4, 10, 0, 0, TimeSpan.Zero));
        var log = new LogLines();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddRouting();
        builder.Services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, TestAuthentication>("Test", null);
        builder.Services.AddAuthorization();
        services?.Invoke(builder.Services);
        freshet?.Invoke(builder.Services.AddFreshet());
        if (freshet is null)
            builder.Services.AddFreshet();

        var app = builder.Build();
        app.UseRouting();
        if (pipeline is not null)
            pipeline(app);
        else
            app.UseAuthentication().UseAuthorization();
        if (useFreshet)
            app.UseFreshet();
        behind?.Invoke(app);
        map(app);
        app.UseEndpoints(_ => { });
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new TestApp(app, time, log, new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(address) });
    }

    public async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers) => await SendAsync(HttpMethod.Get, path, headers);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, path));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request);
    }

    /// <summary>Signs a request in: <c>name;claim=value;…</c>, see <see cref="TestAuthentication"/>.</summary>
    public static (string Name, string Value) As(string user) => ("Authorization", $"Test {user}");

    public async Task<Position> TouchAsync(string tag, Tenant? tenant = null) => (await Engine.InvalidateAsync(tenant ?? Tenant.Default, [Tag.Parse(tag)]))!.Value;

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>Believes what it is told: <c>Authorization: Test alice;tenant=acme;role=admin;expires=60</c>, in seconds.</summary>
internal sealed class TestAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || header.Parameter is null)
            return Task.FromResult(AuthenticateResult.NoResult());
        var parts = header.Parameter.Split(';');
        var claims = parts.Skip(1).Select(p => p.Split('=')).Select(p => new Claim(p[0], p[1])).Prepend(new Claim("sub", parts[0]));
        var identity = new ClaimsIdentity(claims, "Test", "name", "role");
        var properties = new AuthenticationProperties();
        if (identity.FindFirst("expires") is { } expires)
            properties.ExpiresUtc = TimeProvider.GetUtcNow().AddSeconds(int.Parse(expires.Value, CultureInfo.InvariantCulture));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), properties, "Test")));
    }
}

/// <summary>Keeps what was logged. Safe for concurrent use.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    public IReadOnlyList<(LogLevel Level, string Text)> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public IEnumerable<string> Errors => Lines.Where(l => l.Level >= LogLevel.Error).Select(l => l.Text);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
            _lines.Add((logLevel, formatter(state, exception)));
    }

    public void Dispose()
    {
    }
}

internal static class ResponseExtensions
{
    public static string XCache(this HttpResponseMessage response) => response.Header("X-Cache");

    public static string CacheStatus(this HttpResponseMessage response) => response.Header("Cache-Status");

    /// <summary>The field's value as it was sent; empty when it is not there.</summary>
    public static string Header(this HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : "";

    public static Task<string> TextAsync(this HttpResponseMessage response) => response.Content.ReadAsStringAsync();
}
