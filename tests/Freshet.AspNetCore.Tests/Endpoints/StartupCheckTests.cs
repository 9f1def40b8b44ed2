using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Endpoints;

public class StartupCheckTests
{
    private static async Task<string> FailureAsync(Action<WebApplication> map, bool useFreshet = true, Action<IServiceCollection>? services = null) =>
        (await Assert.ThrowsAsync<InvalidOperationException>(() => TestApp.StartAsync(map, useFreshet: useFreshet, services: services))).Message;

    // In one place: the generator of the framework takes one call in an assembly.
    private static void Validation(IServiceCollection services) => services.AddValidation();

    [Fact]
    public async Task CachedWithoutUseFreshet_FailsAtStart()
    {
        var message = await FailureAsync(a => a.MapGet("/x", () => "x").Cached(), useFreshet: false);
        Assert.Contains("/x", message, StringComparison.Ordinal);
        Assert.Contains("call app.UseFreshet() after", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequireIfMatchWithoutUseFreshet_FailsAtStart() =>
        Assert.Contains("call app.UseFreshet()", await FailureAsync(a => a.MapPut("/x", () => "x").RequireIfMatch(), useFreshet: false), StringComparison.Ordinal);

    [Fact]
    public async Task EndpointFilter_FailsAtStart()
    {
        var message = await FailureAsync(a => a.MapGet("/x", () => "x").AddEndpointFilter((c, next) => next(c)).Cached());
        Assert.Contains(".FiltersOnLoadOnly()", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilterOfAnOuterGroup_FailsAtStart()
    {
        var message = await FailureAsync(a =>
        {
            var group = a.MapGroup("/g").Cached();
            group.AddEndpointFilter((c, next) => next(c));
            group.MapGet("/x", () => "x");
        });
        Assert.Contains("/g/x", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/direct")]
    [InlineData("/by-type")]
    [InlineData("/factory")]
    public async Task AuthorizationFilterOfMvc_FailsAtStart(string path)
    {
        var message = await FailureAsync(
            a => a.MapControllers().Cached(), services: s => s.AddControllers().OnlyControllers(typeof(FilteredController)));
        Assert.Contains("the authorization filter", message, StringComparison.Ordinal);
        Assert.Contains(path[1..].Replace("-", "", StringComparison.Ordinal), message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task FiltersOnLoadOnly_Starts()
    {
        var runs = 0;
        await using var app = await TestApp.StartAsync(a => a.MapGet("/x", () => "x").AddEndpointFilter((c, next) =>
        {
            runs++;
            return next(c);
        }).Cached(c => c.FiltersOnLoadOnly()));
        await app.GetAsync("/x");
        Assert.Equal("HIT", (await app.GetAsync("/x")).XCache());
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task ValidationOfTheFramework_Starts_AndRunsForLoads()
    {
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", ([System.ComponentModel.DataAnnotations.Range(1, 5)] int id) => $"{id}").Cached(), services: Validation);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, (await app.GetAsync("/x?id=9")).StatusCode);
        Assert.Equal("MISS", (await app.GetAsync("/x?id=3")).XCache());
        Assert.Equal("HIT", (await app.GetAsync("/x?id=3")).XCache());
    }

    [Fact]
    public async Task FilterBesideValidation_FailsAtStart() =>
        Assert.Contains(
            ".FiltersOnLoadOnly()",
            await FailureAsync(a => a.MapGet("/x", () => "x").AddEndpointFilter((c, next) => next(c)).Cached(), services: Validation),
            StringComparison.Ordinal);

    [Fact]
    public async Task UnknownPolicy_FailsAtStart() =>
        Assert.Contains("Policy(\"slow\"", await FailureAsync(a => a.MapGet("/x", () => "x").Cached("slow")), StringComparison.Ordinal);

    [Fact]
    public void TenantsWithoutSource_FailAtOnce() =>
        Assert.Contains("FromClaim", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddFreshet().Tenants(_ => { })).Message, StringComparison.Ordinal);

    [Fact]
    public async Task EveryFault_IsNamedAtOnce()
    {
        var message = await FailureAsync(a =>
        {
            a.MapGet("/one", () => "x").Cached("slow");
            a.MapGet("/two", () => "x").AddEndpointFilter((c, next) => next(c)).Cached();
        });
        Assert.Contains("/one", message, StringComparison.Ordinal);
        Assert.Contains("/two", message, StringComparison.Ordinal);
    }

    [Fact]
    public void UseFreshetWithoutAddFreshet_NamesTheFix()
    {
        var app = new ApplicationBuilder(new ServiceCollection().BuildServiceProvider());
        Assert.Contains("builder.Services.AddFreshet()", Assert.Throws<InvalidOperationException>(() => app.UseFreshet()).Message, StringComparison.Ordinal);
    }
}

[ApiController]
public sealed class FilteredController : ControllerBase
{
    [HttpGet("/direct")]
    [Gate]
    public string Direct() => "x";

    [HttpGet("/by-type")]
    [TypeFilter<GateAttribute>]
    public string ByType() => "x";

    [HttpGet("/factory")]
    [GateFactory]
    public string Factory() => "x";
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class GateAttribute : Attribute, IAuthorizationFilter
{
    public void OnAuthorization(AuthorizationFilterContext context)
    {
    }
}

[AttributeUsage(AttributeTargets.Method)]
public sealed class GateFactoryAttribute : Attribute, IFilterFactory
{
    public bool IsReusable => true;

    public IFilterMetadata CreateInstance(IServiceProvider serviceProvider) => new GateAttribute();
}
