using Freshet.AspNetCore.Tests.Testing;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Events;

public class EventStreamTests
{
    private static async Task<StreamReader> ConnectAsync(TestApp app, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "/events"));
        foreach (var (name, value) in headers.Append(As("alice;tenant=acme")).Append(("Accept", "text/event-stream")))
            request.Headers.TryAddWithoutValidation(name, value);
        var response = await app.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store", response.Header("Cache-Control"));
        return new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<string[]> ReadAsync(StreamReader reader)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } line)
            lines.Add(line);
        return [.. lines];
    }

    [Fact]
    public async Task Stream_TellsTheSame_AndGoesOnAfterItsLastEvent()
    {
        await using var app = await EventApp.StartAsync();
        string id;
        using (var reader = await ConnectAsync(app))
        {
            var ready = await ReadAsync(reader);
            Assert.Equal("event: ready", ready[1]);
            await app.WriteAsync("import", "42");
            var told = await ReadAsync(reader);
            Assert.Equal("event: cache_invalidation", told[1]);
            Assert.StartsWith("data: {\"entity\":\"import\",\"id\":\"42\",\"action\":\"updated\"", told[2], StringComparison.Ordinal);
            id = told[0]["id: ".Length..];
        }

        await app.WriteAsync("mapping", "7");
        using var again = await ConnectAsync(app, ("Last-Event-ID", id));
        Assert.Contains("\"id\":\"7\"", (await ReadAsync(again))[2], StringComparison.Ordinal);
        Assert.Contains("\"resumed\":true", (await ReadAsync(again))[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silence_IsBrokenByAComment()
    {
        await using var app = await EventApp.StartAsync();
        using var reader = await ConnectAsync(app);
        await ReadAsync(reader);
        app.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal([": heartbeat"], await ReadAsync(reader));
    }

    [Fact]
    public async Task ClosedStream_Ends_AndIsForgotten()
    {
        await using var app = await EventApp.StartAsync();
        using var reader = await ConnectAsync(app);
        await ReadAsync(reader);
        app.Events().CloseUser(EventApp.Acme, "alice");
        Assert.Equal("", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        await WebSocketTests.SpinAsync(() => app.Events().Count == 0);
    }
}
