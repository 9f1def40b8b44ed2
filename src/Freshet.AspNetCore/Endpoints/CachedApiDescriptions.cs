using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Freshet.AspNetCore.Endpoints;

/// <summary>
/// Describes cached endpoints for OpenAPI: 304 beside what their handlers answer, and no HEAD of its own, which would repeat
/// GET under the same operation id.
/// </summary>
internal sealed class CachedApiDescriptions : IApiDescriptionProvider
{
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
    }

    // What all providers have found is known only now.
    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
        var cached = context.Results.Where(d => d.ActionDescriptor.EndpointMetadata.OfType<ICachedMetadata>().Any()).ToList();
        foreach (var description in cached)
        {
            if (Is(description, HttpMethods.Head) && cached.Any(d => Is(d, HttpMethods.Get) && d.RelativePath == description.RelativePath))
                context.Results.Remove(description);
            else if (Is(description, HttpMethods.Get) && description.SupportedResponseTypes.All(r => r.StatusCode != StatusCodes.Status304NotModified))
                description.SupportedResponseTypes.Add(new ApiResponseType { StatusCode = StatusCodes.Status304NotModified, Type = typeof(void) });
        }
    }

    private static bool Is(ApiDescription description, string method) => HttpMethods.Equals(description.HttpMethod ?? "", method);
}
