using System.Collections.Concurrent;
using System.Diagnostics;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using static Freshet.AspNetCore.Tests.Testing.TestApp;

namespace Freshet.AspNetCore.Tests.Http;

public class ActivityTests
{
    [Fact]
    public async Task RequestsAndLoads_AreTraced_WithoutNamesOfAnybody()
    {
        // Of this test's requests alone: other tests run beside it.
        var trace = ActivityTraceId.CreateRandom();
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Freshet" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId == trace ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var parent = ("traceparent", $"00-{trace}-b7ad6b7169203331-01");

        string[] seen;
        await using (var app = await TestApp.StartAsync(
            a =>
            {
                a.MapGet("/imports/{id}", (string id) => id).Cached();
                a.MapGet("/fails", string () => throw new InvalidOperationException("x")).Cached();
            },
            freshet: f => f.Tenants(t => t.FromClaim("tenant"))))
        {
            await app.GetAsync("/imports/4711", As("alice;tenant=acme"), parent);
            await app.GetAsync("/imports/4711", As("alice;tenant=acme"), parent);
            await app.GetAsync("/fails", As("alice;tenant=acme"), parent);
        }

        // A request's activity ends after its client has the answer.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (ended.Count < 5)
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        seen = [.. ended.Select(a => $"{a.Source.Name}: {string.Join(' ', a.TagObjects.Where(t => t.Key.StartsWith("freshet.", StringComparison.Ordinal)).Select(t => $"{t.Key}={t.Value}"))}")];
        Assert.Equal(
            [
                "Freshet: ", "Microsoft.AspNetCore: freshet.verdict=MISS freshet.reason=absent", "Microsoft.AspNetCore: freshet.verdict=HIT freshet.reason=fresh",
                "Freshet: ", "Microsoft.AspNetCore: freshet.verdict=MISS freshet.reason=failed",
            ],
            seen);

        var load = ended.First(a => a.OperationName == "freshet.load");
        Assert.Equal(ended.First(a => a.Source.Name == "Microsoft.AspNetCore").SpanId, load.ParentSpanId);
        Assert.DoesNotContain(ended.SelectMany(a => a.TagObjects), t => t.Key.StartsWith("freshet", StringComparison.Ordinal)
            && t.Value is string text && (text.Contains("acme", StringComparison.Ordinal) || text.Contains("alice", StringComparison.Ordinal) || text.Contains("4711", StringComparison.Ordinal)));
    }
}
