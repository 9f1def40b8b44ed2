using Spectre.Console;
using Traffic.Playing;

namespace Traffic.Reporting;

/// <summary>What the demo says once it stays up.</summary>
internal static class WhereToLook
{
    public static void Write(IAnsiConsole console, Site site, string user)
    {
        var platform = site.Address;
        console.WriteLine();
        console.WriteLine($"The platform stays up at {platform} (sign in as {user}); Ctrl-C stops it.");
        if (site.Nodes.Count > 1) console.WriteLine($"  its other nodes       {string.Join(" ", site.Nodes.Skip(1))}");
        console.WriteLine($"  see it live           {platform}");
        console.WriteLine($"  why a URL is cached   {platform}freshet/explain?url=/api/v1/dashboard/summary");
        console.WriteLine($"  what reached the SQL  curl -s {platform}dev/origin");
        console.WriteLine("  by hand:");
        console.WriteLine($"    T=$(curl -s {platform}dev/token -H 'Content-Type: application/json' -d '{{\"user\":\"{user}\"}}' | sed 's/.*\"token\":\"\\([^\"]*\\).*/\\1/')");
        console.WriteLine($"    curl -si {platform}api/v1/dashboard/summary -H \"Authorization: Bearer $T\"    # twice: X-Cache, ETag");
    }
}
