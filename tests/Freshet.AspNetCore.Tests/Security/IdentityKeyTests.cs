using System.Security.Claims;
using Freshet.AspNetCore.Tests.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Freshet.AspNetCore.Tests.Security;

/// <summary>What a load's principal shows of an identity besides its claims is in the key.</summary>
public class IdentityKeyTests
{
    private static readonly Func<HttpContext, string> WhoAmI = http =>
        $"{http.User.Identity!.AuthenticationType}/{http.User.Identity.Name ?? "-"}/{http.User.IsInRole("admin")}/{string.Join(',', http.User.Claims.Select(c => c.Type))}";

    // Several schemes side by side: X-User is "scheme;name type;role type;claim=value;…".
    private static Task<TestApp> StartAsync(Action<CachePolicyBuilder> policy) => TestApp.StartAsync(
        a => a.MapGet("/x", WhoAmI).Cached(policy),
        pipeline: a => a.Use((context, next) =>
        {
            if (context.Request.Headers["X-User"].ToString().Split(';') is [var scheme, var name, var role, .. var claims])
                context.User = new ClaimsPrincipal(new ClaimsIdentity(claims.Select(c => c.Split('=')).Select(c => new Claim(c[0], c[1])), scheme, name, role));
            return next(context);
        }));

    private static async Task<(string XCache, string Text)> AskAsync(TestApp app, string user)
    {
        var response = await app.GetAsync("/x", ("X-User", user));
        return (response.XCache(), await response.TextAsync());
    }

    [Fact]
    public async Task UserNamedByAnotherClaimType_IsAnotherUser()
    {
        await using var app = await StartAsync(_ => { });
        Assert.Equal(("MISS", "A/-/False/sub"), await AskAsync(app, "A;name;role;sub=alice"));
        Assert.Equal(("MISS", $"A/-/False/{ClaimTypes.NameIdentifier}"), await AskAsync(app, $"A;name;role;{ClaimTypes.NameIdentifier}=alice"));
        Assert.Equal(("HIT", "A/-/False/sub"), await AskAsync(app, "A;name;role;sub=alice"));
    }

    [Fact]
    public async Task SameNameInAnotherScheme_IsAnotherUser()
    {
        await using var app = await StartAsync(_ => { });
        Assert.Equal(("MISS", "Employees/-/False/sub"), await AskAsync(app, "Employees;name;role;sub=7"));
        Assert.Equal(("MISS", "Customers/-/False/sub"), await AskAsync(app, "Customers;name;role;sub=7"));
        Assert.Equal(("HIT", "Employees/-/False/sub"), await AskAsync(app, "Employees;name;role;sub=7"));
    }

    [Fact]
    public async Task AnotherNameClaimType_IsAnotherAnswer()
    {
        await using var app = await StartAsync(c => c.PerTenant().VaryByClaim("email"));
        Assert.Equal(("MISS", "A/a@b/False/email"), await AskAsync(app, "A;email;role;email=a@b"));
        Assert.Equal(("MISS", "A/-/False/email"), await AskAsync(app, "A;name;role;email=a@b"));
        Assert.Equal(("HIT", "A/a@b/False/email"), await AskAsync(app, "A;email;role;email=a@b"));
    }

    [Fact]
    public async Task AnotherRoleClaimType_IsAnotherAnswer()
    {
        await using var app = await StartAsync(c => c.PerTenant().VaryByClaim("group"));
        Assert.Equal(("MISS", "A/-/True/group"), await AskAsync(app, "A;name;group;group=admin"));
        Assert.Equal(("MISS", "A/-/False/group"), await AskAsync(app, "A;name;role;group=admin"));
        Assert.Equal(("HIT", "A/-/True/group"), await AskAsync(app, "A;name;group;group=admin"));
    }

    [Fact]
    public async Task RequirementInMetadata_NeedsAuthorization()
    {
        // Authorization behind UseFreshet has not run when the answer is looked up.
        await using var app = await TestApp.StartAsync(
            a => a.MapGet("/x", () => "secret").WithMetadata(new RequireRoleAttribute("admin")).Cached(c => c.Public()),
            pipeline: a => a.UseAuthentication(), behind: a => a.UseAuthorization());

        for (var i = 0; i < 2; i++)
        {
            var answer = await app.GetAsync("/x", TestApp.As("alice;role=admin"));
            Assert.Equal(("secret", "BYPASS"), (await answer.TextAsync(), answer.XCache()));
        }

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await app.GetAsync("/x")).StatusCode);
        Assert.Contains("Call app.UseFreshet() after", Assert.Single(app.Log.Errors), StringComparison.Ordinal);
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class RequireRoleAttribute(string role) : Attribute, IAuthorizationRequirementData
    {
        public IEnumerable<IAuthorizationRequirement> GetRequirements() =>
            [new Microsoft.AspNetCore.Authorization.Infrastructure.RolesAuthorizationRequirement([role])];
    }
}
