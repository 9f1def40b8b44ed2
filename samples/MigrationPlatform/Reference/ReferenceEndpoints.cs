using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using MigrationPlatform.Data;

namespace MigrationPlatform.Reference;

/// <summary>Public data: no sign-in, the same for every tenant.</summary>
internal static class ReferenceEndpoints
{
    public static void MapReference(this RouteGroupBuilder api)
    {
        var reference = api.MapGroup("/reference").WithTags("Reference").AllowAnonymous();
        reference.MapGet("/countries", Countries).Cached(policy => policy.Public());
    }

    private static async Task<Ok<CountryList>> Countries(
        PlatformDb db, CancellationToken cancel, [AllowedValues("en", "sk")] string lang = "en")
    {
        var countries = await db.Countries.AsNoTracking().OrderBy(country => country.Code).ToListAsync(cancel);
        return TypedResults.Ok(new CountryList(
            countries.Sum(country => country.Version), [.. countries.Select(country => CountryBody.Of(country, lang))]));
    }
}

/// <summary>The same for everybody: it names no tenant.</summary>
internal sealed record CountryList(long Version, IReadOnlyList<CountryBody> Items);

internal sealed record CountryBody(long Version, string Id, string Name)
{
    public static CountryBody Of(Country country, string lang) =>
        new(country.Version, country.Code, lang == "sk" ? country.Slovak : country.English);
}
