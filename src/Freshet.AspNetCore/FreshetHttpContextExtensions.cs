using Freshet.AspNetCore;
using Freshet.AspNetCore.Http;

namespace Microsoft.AspNetCore.Http;

/// <summary>The way from a request to its cache.</summary>
public static class FreshetHttpContextExtensions
{
    /// <summary>What a handler can say to the cache, and ask it, about this request.</summary>
    public static FreshetContext Freshet(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new FreshetContext(RequestState.Of(context));
    }
}
