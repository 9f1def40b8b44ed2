using System.Text.Json;

namespace Traffic.Scripts;

/// <summary>The platform's API as calls of the script.</summary>
internal static class Api
{
    private const string Root = "/api/v1";

    public static Call Context { get; } = Get("/context/me", "/context/me", Shows.Context, RowType.User);

    public static Call Dashboard { get; } = Get("/dashboard/summary", "/dashboard/summary", Shows.Dashboard);

    public static Call Engagements { get; } = Get("/engagements", "/engagements", Shows.List, RowType.Engagement, new());

    public static Call Imports { get; } = Get("/imports", "/imports", Shows.List, RowType.Import, new());

    public static Call Countries(string language) =>
        Get("/reference/countries", $"/reference/countries?lang={language}", Shows.Reference);

    public static Call User(string id) => Get("/users/{id}", $"/users/{id}", Shows.Row, RowType.User);

    public static Call Engagement(string id) => Get("/engagements/{id}", $"/engagements/{id}", Shows.Row, RowType.Engagement);

    public static Call Import(string id) => Get("/imports/{id}", $"/imports/{id}", Shows.Row, RowType.Import);

    public static Call Mappings(string import) =>
        Get("/imports/{id}/field-mappings", $"/imports/{import}/field-mappings", Shows.List, RowType.Mapping, new(RowType.Import, import));

    public static Call Asset(string id) => Get("/assets/{id}", $"/assets/{id}", Shows.Row, RowType.Asset);

    public static Call Assets(string engagement, int page, int pageSize) =>
        Get(
            "/assets", $"/assets?engagementId={engagement}&page={page}&pageSize={pageSize}&sort=name", Shows.List, RowType.Asset,
            new(RowType.Engagement, engagement, new PageOf(page, pageSize)));

    public static Call RenameEngagement(string id, string name, string status) =>
        Send("PUT /engagements/{id}", $"/engagements/{id}", Shows.Row, RowType.Engagement, new { name, status });

    public static Call ChangeRole(string user, string role) =>
        Send("PUT /users/{id}/role", $"/users/{user}/role", Shows.Row, RowType.User, new { role });

    public static Call ChangePhone(Account user, string phone)
    {
        var name = user.Login[..user.Login.IndexOf('@', StringComparison.Ordinal)];
        return Send(
            "PUT /users/{id}", $"/users/{user.Id}", Shows.Row, RowType.User,
            new { name, email = $"{name}@{user.Tenant}.example", phone });
    }

    public static Call PatchMapping(string id, string? status = null, string? target = null) =>
        Send("PATCH /field-mappings/{id}", $"/field-mappings/{id}", Shows.Row, RowType.Mapping, new { status, target });

    public static Call Approve(string import, IReadOnlyList<string> mappings) =>
        Send(
            "POST /imports/{id}/field-mappings/bulk", $"/imports/{import}/field-mappings/bulk", Shows.List, RowType.Mapping,
            new { action = "approve", ids = mappings }, new(RowType.Import, import));

    public static Call PatchAsset(string id, string name) =>
        Send("PATCH /assets/{id}", $"/assets/{id}", Shows.Row, RowType.Asset, new { name });

    public static Call ImportCsv(string engagement, string csv) =>
        new(
            $"POST {Root}/imports", $"{Root}/imports?engagementId={engagement}", Shows.Row, RowType.Import,
            new Payload("text/csv", csv))
        {
            Columns = csv.Split('\n')[0].Split(',').Length,
        };

    private static Call Get(string template, string path, Shows shows, RowType type = RowType.None, Listed? listed = null) =>
        new($"GET {Root}{template}", Root + path, shows, type) { Listed = listed };

    private static Call Send(string route, string path, Shows shows, RowType type, object body, Listed? listed = null) =>
        new(
            route.Replace(" ", $" {Root}", StringComparison.Ordinal), Root + path, shows, type,
            new Payload("application/json", JsonSerializer.Serialize(body)))
        {
            Listed = listed,
        };
}
