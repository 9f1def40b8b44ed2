using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>What there is to open, and what it was like before the first write.</summary>
internal sealed record Discovery(
    IReadOnlyList<TenantWorld> Tenants,
    IReadOnlyDictionary<string, IReadOnlyList<RowVersion>> Rows,
    IReadOnlyDictionary<string, long> Dashboards)
{
    private const int AssetsPerEngagement = 100;
    private const int LargestPage = 200;

    /// <summary>Reads it from the platform while nobody else uses it.</summary>
    public static async Task<Discovery> ReadAsync(Uri platform, CancellationToken cancel)
    {
        using var http = new HttpClient { BaseAddress = platform };
        var accounts = await http.GetFromJsonAsync<List<KnownUser>>("/dev/users", cancel) ?? [];
        List<TenantWorld> tenants = [];
        var rows = new Dictionary<string, IReadOnlyList<RowVersion>>(StringComparer.Ordinal);
        var dashboards = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var group in accounts.GroupBy(account => account.Tenant, StringComparer.Ordinal))
        {
            List<Account> users = [.. group.Select(user => new Account(user.User, user.Tenant, user.Id, user.Role))];
            var reader = new TenantReader(http, await TokenAsync(http, users[0].Login, cancel), cancel);
            tenants.Add(await reader.WorldAsync(group.Key, users));
            dashboards[group.Key] = await reader.DashboardAsync();
            rows[group.Key] = reader.Rows;
        }

        return new Discovery(tenants, rows, dashboards);
    }

    private static async Task<string> TokenAsync(HttpClient http, string user, CancellationToken cancel)
    {
        using var response = await http.PostAsJsonAsync("/dev/token", new { user }, cancel);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("token").GetString()!;
    }

    private sealed record KnownUser(string User, string Tenant, string Id, string Role);

    /// <summary>Reads one tenant, and remembers every row it comes by.</summary>
    private sealed class TenantReader(HttpClient http, string token, CancellationToken cancel)
    {
        private readonly List<RowVersion> _rows = [];

        public IReadOnlyList<RowVersion> Rows => _rows;

        public async Task<long> DashboardAsync() => (await ReadAsync(Api.Dashboard)).Version;

        public async Task<TenantWorld> WorldAsync(string tenant, IReadOnlyList<Account> users)
        {
            foreach (var user in users) await RowsAsync(Api.User(user.Id));

            List<EngagementWorld> engagements = [];
            foreach (var engagement in await RowsAsync(Api.Engagements))
            {
                var assets = await AssetsAsync(engagement.Id);
                if (assets.Count > 0)
                    engagements.Add(new EngagementWorld(engagement.Id, [.. assets.Take(AssetsPerEngagement).Select(asset => asset.Id)]));
            }

            List<ImportWorld> imports = [];
            foreach (var import in await RowsAsync(Api.Imports))
            {
                var mappings = await RowsAsync(Api.Mappings(import.Id));
                if (mappings.Count > 0)
                    imports.Add(new ImportWorld(import.Id, import.Engagement!, [.. mappings.Select(mapping => mapping.Id)]));
            }

            return new TenantWorld(tenant, users, engagements, imports);
        }

        /// <summary>All of them, not only those the script opens: the checker knows how many there are.</summary>
        private async Task<List<RowVersion>> AssetsAsync(string engagement)
        {
            List<RowVersion> assets = [];
            while (true)
            {
                var page = await RowsAsync(Api.Assets(engagement, 1 + (assets.Count / LargestPage), LargestPage));
                assets.AddRange(page);
                if (page.Count < LargestPage) return assets;
            }
        }

        private async Task<IReadOnlyList<RowVersion>> RowsAsync(Call call)
        {
            var rows = (await ReadAsync(call)).Rows;
            _rows.AddRange(rows);
            return rows;
        }

        private async Task<Content> ReadAsync(Call call)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, call.Path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await http.SendAsync(request, cancel);
            response.EnsureSuccessStatusCode();
            return Content.Read(call, await response.Content.ReadAsByteArrayAsync(cancel));
        }
    }
}
