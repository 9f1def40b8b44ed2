using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

/// <summary>Which answers of two processes go by one key: those of endpoints that are the only ones of their name at start.</summary>
public class PlanKeyTests
{
    private static Task<TestApp> StartAsync() => TestApp.StartAsync(a =>
    {
        a.MapGet("/x", () => "x").WithDisplayName("x").Cached();
        a.MapGet("/twin", () => "one").WithDisplayName("twin").RequireHost("one").Cached();
        a.MapGet("/twin", () => "two").WithDisplayName("twin").RequireHost("two").Cached();
    });

    private static string KeyOf(TestApp app, Endpoint endpoint) => app.Services.GetRequiredService<EndpointPlans>().For(endpoint).Cached!.KeyPrefix;

    private static Endpoint[] Named(TestApp app, string name) =>
        [.. app.Services.GetRequiredService<EndpointDataSource>().Endpoints.Where(e => string.Equals(e.DisplayName, name, StringComparison.Ordinal))];

    [Fact]
    public async Task OnlyOneOfItsName_HasOneKeyInAllProcesses_AlsoAfterRoutesWereBuiltAnew()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var endpoint = Named(a, "x").Single();
        Assert.Equal(KeyOf(a, endpoint), KeyOf(b, Named(b, "x").Single()));
        Assert.Equal(KeyOf(a, endpoint), KeyOf(a, Again(endpoint)));
    }

    [Fact]
    public async Task Namesakes_HaveKeysOfTheirOwn_InEachProcess()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        // In another process requests may meet them in the other order.
        string[] keys = [.. Named(a, "twin").Select(e => KeyOf(a, e)), .. Named(b, "twin").Reverse().Select(e => KeyOf(b, e))];
        Assert.Equal(4, keys.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task EndpointThatComesLater_HasAKeyOfItsOwnInEachProcess()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        Assert.NotEqual(KeyOf(a, Again(Named(a, "x").Single(), "late")), KeyOf(b, Again(Named(b, "x").Single(), "late")), StringComparer.Ordinal);
    }

    [Fact]
    public async Task AnotherPolicy_IsAnotherKey()
    {
        await using var a = await TestApp.StartAsync(app => app.MapGet("/x", () => "x").WithDisplayName("x").Cached(c => c.VaryByHeader("A")));
        await using var b = await TestApp.StartAsync(app => app.MapGet("/x", () => "x").WithDisplayName("x").Cached(c => c.VaryByHeader("B")));
        Assert.NotEqual(KeyOf(a, Named(a, "x").Single()), KeyOf(b, Named(b, "x").Single()), StringComparer.Ordinal);
    }

    private static RouteEndpoint Again(Endpoint endpoint, string? name = null) =>
        new(endpoint.RequestDelegate!, ((RouteEndpoint)endpoint).RoutePattern, 0, endpoint.Metadata, name ?? endpoint.DisplayName);
}
