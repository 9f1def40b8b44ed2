using Freshet.AspNetCore.Endpoints;
using Freshet.AspNetCore.Http;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Puts the cache into the pipeline.</summary>
public static class FreshetApplicationBuilderExtensions
{
    /// <summary>
    /// Answers from the cache from here on. Call it after <c>UseAuthentication()</c> and <c>UseAuthorization()</c>: who may
    /// not see an answer must have been turned away before it is looked up. Middleware behind it runs for loads only.
    /// </summary>
    /// <exception cref="InvalidOperationException"><c>AddFreshet()</c> was not called.</exception>
    public static IApplicationBuilder UseFreshet(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var check = app.ApplicationServices.GetService<StartupCheck>()
            ?? throw new InvalidOperationException("UseFreshet() needs AddFreshet(): builder.Services.AddFreshet().");
        check.IsUsed = true;
        return app.UseMiddleware<CacheMiddleware>();
    }
}
