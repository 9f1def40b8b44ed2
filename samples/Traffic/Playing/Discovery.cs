using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>What there is to open, and the versions it had before the first write.</summary>
internal sealed record Discovery(
    IReadOnlyList<TenantWorld> Tenants,
    IReadOnlyDictionary<string, IReadOnlyList<RowVersion>> Rows,
    IReadOnlyDictionary<string, long> Dashboards)
{
    private const int AssetsPerEngagement = 100;

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

    /// <summary>Reads one tenant, and remembers the version of every row it comes by.</summary>
    private sealed class TenantReader(HttpClient http, string token, CancellationToken cancel)
    {
        private readonly List<RowVersion> _rows = [];

        public IReadOnlyList<RowVersion> Rows => _rows;

        public async Task<long> DashboardAsync() => (await GetAsync(Api.Dashboard)).GetProperty("version").GetInt64();

        public async Task<TenantWorld> WorldAsync(string tenant, IReadOnlyList<Account> users)
        {
            foreach (var user in users) Remember(RowType.User, await GetAsync(Api.User(user.Id)));

            List<EngagementWorld> engagements = [];
            foreach (var (id, _) in await ListAsync(Api.Engagements))
            {
                var assets = await ListAsync(Api.Assets(id, 1, AssetsPerEngagement));
                if (assets.Count > 0) engagements.Add(new EngagementWorld(id, [.. assets.Select(asset => asset.Id)]));
            }

            List<ImportWorld> imports = [];
            foreach (var (id, import) in await ListAsync(Api.Imports))
            {
                var mappings = await ListAsync(Api.Mappings(id));
                var engagement = import.GetProperty("engagementId").GetString()!;
                if (mappings.Count > 0) imports.Add(new ImportWorld(id, engagement, [.. mappings.Select(mapping => mapping.Id)]));
            }

            return new TenantWorld(tenant, users, engagements, imports);
        }

        private async Task<IReadOnlyList<(string Id, JsonElement Row)>> ListAsync(Call call)
        {
            var body = await GetAsync(call);
            return [.. body.GetProperty("items").EnumerateArray().Select(row => (Remember(call.Type, row), row))];
        }

        private string Remember(RowType type, JsonElement row)
        {
            var id = row.GetProperty("id").GetString()!;
            _rows.Add(new RowVersion(type, id, row.GetProperty("version").GetInt64()));
            return id;
        }

        private async Task<JsonElement> GetAsync(Call call)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, call.Path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var response = await http.SendAsync(request, cancel);
            response.EnsureSuccessStatusCode();
            return await response.Content.ReadFromJsonAsync<JsonElement>(cancel);
        }
    }
}
