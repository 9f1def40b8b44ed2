using Freshet.AspNetCore;
using Freshet.AspNetCore.Tests.Testing;
using Freshet.Coherence;
using Freshet.Invalidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.Client.Tests;

/// <summary>A real server, and a client whose clock stands still until a test moves it.</summary>
internal sealed class ClientRig : IAsyncDisposable
{
    private readonly Told _told;
    private readonly Dictionary<string, int> _versions = new(StringComparer.Ordinal);

    private ClientRig(Told told) => _told = told;

    public required TestApp App { get; init; }

    public required FreshetClient Client { get; init; }

    public required HttpClient Http { get; init; }

    public required TestClock Time { get; init; }

    public required Gate Wire { get; init; }

    private static Tenant Acme { get; } = Tenant.Named("acme");

    /// <param name="user">Who the client stands for.</param>
    /// <param name="mayConnect">Until then the client does not connect.</param>
    public static async Task<ClientRig> StartAsync(string user = "alice;tenant=acme", Task? mayConnect = null)
    {
        ClientRig? rig = null;
        var app = await TestApp.StartAsync(
            a =>
            {
                a.MapCacheEvents("/events");
                a.MapGet("/import/{id}", (string id) => $"import {id} v{rig!.VersionOf(id)}").Cached(c => c.PerTenant().Tag("import/{id}").For(TimeSpan.FromDays(30)));
                a.MapGet("/short", () => "short").Cached(c => c.PerTenant().For(TimeSpan.FromMinutes(5)));
                a.MapGet("/plain", () => "plain");
                a.MapPost("/import/{id}", async (string id, HttpContext http) =>
                {
                    if (http.Request.Query.ContainsKey("fail"))
                        http.Abort();
                    else
                        await rig!.WriteAsync(id);
                });
            },
            f =>
            {
                f.Tenants(t => t.FromClaim("tenant"));
                f.Services.AddSingleton(new EntityModelPart(true, (_, model) => model.Entity("import")));
            });
        var time = new TestClock();
        var told = new Told();
        var client = new FreshetClient(new FreshetClientOptions
        {
            Events = new Uri(app.Address, "/events"),
            Token = mayConnect is null ? null : async cancel =>
            {
                await mayConnect.WaitAsync(cancel);
                return null;
            },
            Configure = o => o.SetRequestHeader("Authorization", $"Test {user}"),
            OnEvent = told.Add,
            Time = time,
        });
        var wire = new Gate(new SocketsHttpHandler { UseCookies = false });
        var http = new HttpClient(client.CreateHandler(wire)) { BaseAddress = app.Address };
        http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Test {user}");
        return rig = new ClientRig(told) { App = app, Client = client, Http = http, Time = time, Wire = wire };
    }

    public static async Task<ClientRig> ReadyAsync()
    {
        var rig = await StartAsync();
        await rig.HearAsync(CacheEventKind.Ready);
        return rig;
    }

    /// <summary>Waits for the next event of that kind.</summary>
    public Task<CacheEvent> HearAsync(CacheEventKind kind) => _told.NextAsync(kind);

    /// <summary>Lets a client that has lost its connection connect again.</summary>
    public async Task<CacheEvent> ConnectAgainAsync()
    {
        await Time.EndPauseAsync();
        return await HearAsync(CacheEventKind.Ready);
    }

    /// <summary>Gets it; says how old it was when it was given without a call.</summary>
    public async Task<(string Text, bool IsKept)> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return (await answer.Content.ReadAsStringAsync(), FreshetHandler.AgeOf(answer) is not null);
    }

    /// <summary>Changes an import on the server, behind the client's back.</summary>
    public async Task WriteAsync(string id)
    {
        lock (_versions)
            _versions[id] = _versions.GetValueOrDefault(id) + 1;
        await App.Engine.InvalidateAsync(Acme, [Tag.Of("import", id)], new ChangeSummary(ChangeAction.Updated, "import", id));
    }

    public void CutConnections()
    {
        foreach (var connection in App.Services.GetRequiredService<CacheEventManager>().ConnectionsOf(Acme))
            connection.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Client.DisposeAsync();
        await App.DisposeAsync();
    }

    private int VersionOf(string id)
    {
        lock (_versions)
            return _versions.GetValueOrDefault(id);
    }
}

/// <summary>The way to the server: counts, and holds an answer back when a test says so.</summary>
internal sealed class Gate(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    public List<HttpRequestMessage> Requests { get; } = [];

    /// <summary>Awaited with each answer before it is handed on.</summary>
    public Func<Task> BeforeAnswer { get; set; } = () => Task.CompletedTask;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add(request);
        var answer = await base.SendAsync(request, cancellationToken);
        await BeforeAnswer();
        return answer;
    }
}
