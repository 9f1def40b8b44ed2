using System.Globalization;

namespace MigrationPlatform.Data;

/// <summary>
/// The sample's data, the same on every machine. Ids repeat between the tenants on purpose (each has an <c>imp-001</c>), and
/// each tenant has an <c>IMP-001</c> beside its <c>imp-001</c>: an answer that reaches the wrong reader can be told apart.
/// </summary>
internal static class Seed
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);
    private static readonly string[] Industries = ["Banking", "Energy", "Health", "Insurance", "Retail", "Telecom"];
    private static readonly string[] Firms = ["Aurora", "Borealis", "Cobalt", "Danube", "Elbe", "Fatra", "Granite", "Helios"];
    private static readonly string[] Works = ["Archive", "Billing", "Ledger", "Mail", "Payroll", "Portal", "Records", "Storage"];
    private static readonly string[] People = ["Alice Novak", "Bob Horvath", "Vera Klein", "Peter Varga", "Eva Toth", "Jan Kral"];
    private static readonly string[] Columns = ["Asset Name", "Kind", "Size", "Owner", "State", "Location", "Cost Centre", "Remark"];
    private static readonly string?[] Targets = ["name", "type", "bytes", "owner", "status", "location", null, "description"];

    private static readonly (string Code, string English, string Slovak)[] CountryNames =
    [
        ("AT", "Austria", "Rakúsko"), ("BE", "Belgium", "Belgicko"), ("CH", "Switzerland", "Švajčiarsko"),
        ("CZ", "Czechia", "Česko"), ("DE", "Germany", "Nemecko"), ("DK", "Denmark", "Dánsko"), ("EE", "Estonia", "Estónsko"),
        ("ES", "Spain", "Španielsko"), ("FI", "Finland", "Fínsko"), ("FR", "France", "Francúzsko"),
        ("GB", "United Kingdom", "Spojené kráľovstvo"), ("GR", "Greece", "Grécko"), ("HR", "Croatia", "Chorvátsko"),
        ("HU", "Hungary", "Maďarsko"), ("IE", "Ireland", "Írsko"), ("IT", "Italy", "Taliansko"), ("LT", "Lithuania", "Litva"),
        ("LV", "Latvia", "Lotyšsko"), ("NL", "Netherlands", "Holandsko"), ("NO", "Norway", "Nórsko"), ("PL", "Poland", "Poľsko"),
        ("PT", "Portugal", "Portugalsko"), ("RO", "Romania", "Rumunsko"), ("SE", "Sweden", "Švédsko"),
        ("SI", "Slovenia", "Slovinsko"), ("SK", "Slovakia", "Slovensko"), ("UA", "Ukraine", "Ukrajina"),
        ("US", "United States", "Spojené štáty"),
    ];

    public static void Fill(PlatformDb db, SeedTenant tenant)
    {
        var dice = new Random(tenant.Seed);
        db.AddRange(Enumerable.Range(1, tenant.Users).Select(n => User(tenant, n)));
        db.AddRange(Enumerable.Range(1, tenant.Clients).Select(n => new Client
        {
            TenantId = tenant.Id,
            Id = Id("c", n),
            Name = $"{Firms[(n + tenant.Seed) % Firms.Length]} {Capital(tenant.Id)}",
            Industry = Industries[n % Industries.Length],
        }));
        db.AddRange(Enumerable.Range(1, tenant.Engagements).Select(n => new Engagement
        {
            TenantId = tenant.Id,
            Id = Id("e", n),
            ClientId = Id("c", 1 + (n % tenant.Clients)),
            Name = $"{Works[(n + tenant.Seed) % Works.Length]} migration {n}",
            Status = Pick<EngagementStatus>(dice),
        }));

        var asset = 0;
        for (var n = 0; n <= tenant.Imports; n++)
        {
            // Number 0 is the import whose id differs from another one only in case.
            var import = new Import
            {
                TenantId = tenant.Id,
                Id = n == 0 ? "IMP-001" : string.Create(CultureInfo.InvariantCulture, $"imp-{n:000}"),
                EngagementId = Id("e", 1 + (n % tenant.Engagements)),
                FileName = string.Create(CultureInfo.InvariantCulture, $"{tenant.Id}-inventory-{n:000}.csv"),
                ImportedBy = Id("u", 1 + (n % 2)),
                ImportedAt = Epoch.AddHours(7 * n),
                AcceptedRows = tenant.AssetsPerImport,
                RejectedRows = n % 5 == 0 ? [new RejectedRow(12, "The row has 3 fields, the header has 4.")] : [],
            };
            db.Add(import);
            db.AddRange(Columns.Select((column, at) => new FieldMapping
            {
                TenantId = tenant.Id,
                Id = string.Create(CultureInfo.InvariantCulture, $"m-{n:000}-{at + 1}"),
                ImportId = import.Id,
                Source = column,
                Target = Targets[at],
                Confidence = Targets[at] is null ? 0 : 60 + dice.Next(40),
                Status = Pick<MappingStatus>(dice),
            }));
            for (var of = 0; of < tenant.AssetsPerImport; of++)
            {
                db.Add(new Asset
                {
                    TenantId = tenant.Id,
                    Id = string.Create(CultureInfo.InvariantCulture, $"a-{++asset:00000}"),
                    EngagementId = import.EngagementId,
                    ImportId = import.Id,
                    Type = Pick<AssetType>(dice),
                    Name = string.Create(CultureInfo.InvariantCulture, $"{tenant.Id}-{Works[dice.Next(Works.Length)]}-{asset:00000}"),
                    Bytes = 1L << dice.Next(10, 36),
                    Status = Pick<AssetStatus>(dice),
                });
            }
        }
    }

    public static IEnumerable<Country> Countries() =>
        from row in CountryNames
        select new Country { Code = row.Code, English = row.English, Slovak = row.Slovak };

    private static User User(SeedTenant tenant, int n)
    {
        var name = n <= People.Length ? People[n - 1] : string.Create(CultureInfo.InvariantCulture, $"User {n:00}");
        // alice is the admin, bob an editor, vera a viewer; after them two editors to each viewer.
        var login = n <= People.Length ? name.Split(' ')[0] : string.Create(CultureInfo.InvariantCulture, $"user{n:00}");
        return new User
        {
            TenantId = tenant.Id,
            Id = Id("u", n),
            Login = login.ToLowerInvariant(),
            Name = name,
            Email = $"{login.ToLowerInvariant()}@{tenant.Id}.example",
            Phone = string.Create(CultureInfo.InvariantCulture, $"+421 90{tenant.Seed} {n:000} 000"),
            Role = n == 1 ? Role.Admin : n % 3 == 0 ? Role.Viewer : Role.Editor,
        };
    }

    private static string Id(string kind, int number) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{number}");

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static T Pick<T>(Random dice)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        return values[dice.Next(values.Length)];
    }
}
