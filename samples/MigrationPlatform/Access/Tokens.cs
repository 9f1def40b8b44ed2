using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using MigrationPlatform.Data;

namespace MigrationPlatform.Access;

/// <summary>Makes the bearer tokens that <c>AddBearerToken()</c> accepts.</summary>
internal sealed class Tokens(IOptionsMonitor<BearerTokenOptions> bearer, IOptions<PlatformOptions> options, TimeProvider time)
{
    /// <summary>The keys lie in the data folder: tokens outlive a restart, and nodes that share the folder accept each other's.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<Tokens>();
        services.AddAuthentication(BearerTokenDefaults.AuthenticationScheme).AddBearerToken();
        services.AddDataProtection();
        services.AddOptions<KeyManagementOptions>().Configure<IOptions<PlatformOptions>, ILoggerFactory>((keys, platform, log) =>
            keys.XmlRepository = new FileSystemXmlRepository(new DirectoryInfo(platform.Value.DataPath("keys")), log));
    }

    public string For(User user)
    {
        var identity = new ClaimsIdentity(
            [
                new Claim(PlatformClaims.Tenant, user.TenantId),
                new Claim(PlatformClaims.User, user.Id),
                new Claim(PlatformClaims.Name, user.Name),
                new Claim(PlatformClaims.Role, user.Role.ToString()),
            ],
            BearerTokenDefaults.AuthenticationScheme, PlatformClaims.Name, PlatformClaims.Role);
        var expires = new AuthenticationProperties { ExpiresUtc = time.GetUtcNow() + options.Value.TokenLifetime };
        var ticket = new AuthenticationTicket(
            new ClaimsPrincipal(identity), expires, $"{BearerTokenDefaults.AuthenticationScheme}:AccessToken");
        return bearer.Get(BearerTokenDefaults.AuthenticationScheme).BearerTokenProtector.Protect(ticket);
    }
}
