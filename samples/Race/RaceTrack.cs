using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Race;

/// <summary>One contender behind real HTTP on a free port of loopback, and the race it runs.</summary>
internal sealed class RaceTrack : IAsyncDisposable
{
    private const string LateReader = "X-Late-Reader";
    private readonly SlowOrigin _origin = new();
    private readonly WebApplication _app;
    private readonly HttpClient _http;
    private TaskCompletionSource _lateReaderIsIn = new();

    private RaceTrack(Contender contender)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        contender.AddServices(builder.Services);
        _app = builder.Build();
        _app.Use(async (context, next) =>
        {
            // Once the call below has returned, the reader either has its answer or waits inside the cache.
            var inside = next(context);
            if (context.Request.Headers.ContainsKey(LateReader)) _lateReaderIsIn.TrySetResult();
            await inside;
        });
        contender.Map(_app, _origin);
        _http = new HttpClient();
    }

    public static async Task<RaceTrack> OpenAsync(Contender contender, CancellationToken cancel)
    {
        var track = new RaceTrack(contender);
        await track._app.StartAsync(cancel);
        track._http.BaseAddress = new Uri(track._app.Urls.First());
        return track;
    }

    /// <summary>
    /// A load has read; the value changes and is invalidated, acknowledged to its writer; a late reader comes; only now the
    /// load ends; and somebody reads twice more.
    /// </summary>
    public async Task<Outcome> RunAsync(CancellationToken cancel)
    {
        var old = _origin.Value + 1;
        await WriteAsync(old, cancel);
        _lateReaderIsIn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = _origin.HoldNextLoad();
        try
        {
            var early = ReadAsync(isLate: false, cancel);
            await held.HasRead.WaitAsync(cancel);
            await WriteAsync(old + 1, cancel);
            var late = ReadAsync(isLate: true, cancel);
            await _lateReaderIsIn.Task.WaitAsync(cancel);
            held.Release();
            await early;
            var lateGot = await late;
            var stored = await ReadAsync(isLate: false, cancel);
            var loads = _origin.Loads;
            await ReadAsync(isLate: false, cancel);
            return new Outcome(StoredStale: stored == old, HandedOldLoad: lateGot == old, Caches: _origin.Loads == loads);
        }
        finally
        {
            held.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }

    private async Task WriteAsync(int value, CancellationToken cancel)
    {
        using var answer = await _http.PostAsync(new Uri($"/?value={value}", UriKind.Relative), content: null, cancel);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<int> ReadAsync(bool isLate, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/", UriKind.Relative));
        if (isLate) request.Headers.Add(LateReader, "1");
        using var answer = await _http.SendAsync(request, cancel);
        answer.EnsureSuccessStatusCode();
        return int.Parse(await answer.Content.ReadAsStringAsync(cancel), CultureInfo.InvariantCulture);
    }
}

/// <summary>What came of one race.</summary>
/// <param name="StoredStale">Whoever reads after the load gets the old value: it was stored.</param>
/// <param name="HandedOldLoad">The reader who came after the acknowledged write got the old load's value.</param>
/// <param name="Caches">Reading again needed no load: who stores nothing wins no race of caches.</param>
internal readonly record struct Outcome(bool StoredStale, bool HandedOldLoad, bool Caches);
