using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

/// <summary>Which answers of two processes go by one key: those of endpoints that both had at start.</summary>
public class PlanKeyTests
{
    private static Task<TestApp> StartAsync() => TestApp.StartAsync(a => a.MapGet("/x", () => "x").WithDisplayName("x").Cached());

    private static string KeyOf(TestApp app, Endpoint endpoint) => app.Services.GetRequiredService<EndpointPlans>().For(endpoint).Cached!.KeyPrefix;

    private static Endpoint Only(TestApp app) => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.Single(e => e.DisplayName == "x");

    [Fact]
    public async Task EndpointOfTheStart_HasOneKeyInAllProcesses()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        Assert.Equal(KeyOf(a, Only(a)), KeyOf(b, Only(b)));
    }

    [Fact]
    public async Task EndpointThatComesLater_HasAKeyOfItsOwnInEachProcess()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        // As after routes are built anew: the same, but another object. In another process it may be a namesake that comes first.
        var (ofA, ofB) = (Again(Only(a)), Again(Only(b)));
        Assert.NotEqual(KeyOf(a, ofA), KeyOf(b, ofB), StringComparer.Ordinal);
        Assert.Equal(KeyOf(a, ofA), KeyOf(a, ofA));
    }

    private static RouteEndpoint Again(Endpoint endpoint) =>
        new(endpoint.RequestDelegate!, ((RouteEndpoint)endpoint).RoutePattern, 0, endpoint.Metadata, endpoint.DisplayName);
}
