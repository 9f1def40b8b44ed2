using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Freshet.Benchmarks.Sockets;

/// <summary>
/// A server's process: takes one <see cref="ServerTask"/> a line and answers with one <see cref="ServerReport"/> a line. One
/// server a process, so that its memory and its processor time are its own.
/// </summary>
internal static class SocketServer
{
    public const string Command = "socket-server";
    public const string Path = "/events";
    public const string UserHeader = "X-User";
    public const string Reader = "reader";

    public static async Task<int> ServeAsync()
    {
        WebApplication? app = null;
        IBroadcaster broadcaster = null!;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var report = new ServerReport(0);
            switch (JsonSerializer.Deserialize<ServerTask>(line))
            {
                case ServerTask.Listen listen:
                    broadcaster = listen.Kind is SocketServerKind.Freshet
                        ? new FreshetBroadcaster()
                        : new BareBroadcaster(authenticates: listen.Kind is SocketServerKind.SignedIn);
                    app = await StartAsync(broadcaster);
                    report = report with { Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port };
                    break;
                case ServerTask.Prepare prepare:
                    broadcaster.Prepare(prepare.Message);
                    break;
                case ServerTask.Drain:
                    while (broadcaster.Count > 0)
                        await Task.Delay(10);
                    break;
                case ServerTask.Measure:
                    report = Measure();
                    break;
                case ServerTask.Tell tell:
                    var called = Stopwatch.GetTimestamp();
                    await broadcaster.TellAsync(tell.Reader);
                    report = report with { Called = called, Returned = Stopwatch.GetTimestamp() };
                    break;
                case ServerTask.Stream stream:
                    report = await StreamAsync((FreshetBroadcaster)broadcaster, stream);
                    break;
            }

            Console.WriteLine(JsonSerializer.Serialize(report with { Processor = Environment.CpuUsage.TotalTime.TotalSeconds }));
        }

        if (app is not null)
            await app.DisposeAsync();
        return 0;
    }

    private static async Task<WebApplication> StartAsync(IBroadcaster broadcaster)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        broadcaster.Add(builder.Services);
        var app = builder.Build();
        broadcaster.Map(app);
        await app.StartAsync();
        return app;
    }

    private static ServerReport Measure()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return new ServerReport(0, WorkingSet: Environment.WorkingSet, Managed: GC.GetTotalMemory(forceFullCollection: false));
    }

    // By the clock: what a late tick left out, the next one makes up for.
    private static async Task<ServerReport> StreamAsync(FreshetBroadcaster broadcaster, ServerTask.Stream stream)
    {
        var appended = new long[(int)(stream.PerSecond * stream.Seconds)];
        long first = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < appended.Length; await timer.WaitForNextTickAsync())
        {
            var due = (int)(Stopwatch.GetElapsedTime(started).TotalSeconds * stream.PerSecond);
            for (; i < Math.Min(due, appended.Length); i++)
            {
                appended[i] = Stopwatch.GetTimestamp();
                var offset = await broadcaster.AppendAsync();
                if (i == 0)
                    first = offset;
            }
        }

        return new ServerReport(0, First: first, Appended: appended);
    }
}

/// <summary>A way to tell all who are connected.</summary>
internal interface IBroadcaster
{
    /// <summary>How many are connected.</summary>
    int Count { get; }

    void Add(IServiceCollection services);

    void Map(WebApplication app);

    void Prepare(byte[] message);

    /// <summary>Tells all, or the sockets of <see cref="SocketServer.Reader"/> alone.</summary>
    Task TellAsync(bool reader);
}
