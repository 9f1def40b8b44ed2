using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Tests.Databases;

public enum Status
{
    New = 1,
    Approved = 2,
}

public class Client
{
    public int Id { get; set; }

    public string Name { get; set; } = "";

    public Guid Version { get; set; }

    public List<Import> Imports { get; } = [];
}

public class Import
{
    public int Id { get; set; }

    public int ClientId { get; set; }

    public Client? Client { get; set; }

    public string Name { get; set; } = "";

    public Guid Version { get; set; }

    public List<Mapping> Mappings { get; } = [];
}

public class Mapping
{
    public int Id { get; set; }

    public int ImportId { get; set; }

    public Import? Import { get; set; }

    public string Target { get; set; } = "";

    public Status Status { get; set; } = Status.New;

    public int? ReviewerId { get; set; }

    public Reviewer? Reviewer { get; set; }

    /// <summary>The concurrency token: without one it is not known where a changed row hangs.</summary>
    public Guid Version { get; set; }

    public List<Note> Notes { get; } = [];
}

/// <summary>A child without a concurrency token.</summary>
public class Note
{
    public int Id { get; set; }

    public int MappingId { get; set; }

    public string Text { get; set; } = "";
}

public class Reviewer
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

/// <summary>Key by string, the same for everyone.</summary>
public class Country
{
    public string Code { get; set; } = "";

    public string Name { get; set; } = "";
}

/// <summary>Key by a strong type over a Guid, tenant in a column.</summary>
public readonly record struct AssetId(Guid Value);

public class Asset
{
    public AssetId Id { get; set; }

    public string Tenant { get; set; } = "";

    public string Name { get; set; } = "";

    public Guid Version { get; set; }
}

/// <summary>Key composed of tenant and id.</summary>
public class Document
{
    public string Tenant { get; set; } = "";

    public int Id { get; set; }

    public string Title { get; set; } = "";

    public List<Page> Pages { get; } = [];
}

public class Page
{
    public string Tenant { get; set; } = "";

    public int DocumentId { get; set; }

    public int Number { get; set; }

    public string Text { get; set; } = "";
}

public abstract class Animal
{
    public int Id { get; set; }

    public string Name { get; set; } = "";
}

public class Dog : Animal
{
    public int Barks { get; set; }
}

public class Cat : Animal
{
    public int Lives { get; set; }
}

/// <summary>A tree: a parent of its own type.</summary>
public class Category
{
    public int Id { get; set; }

    public int? ParentId { get; set; }

    public string Name { get; set; } = "";
}

public class Order
{
    public int Id { get; set; }

    public string Number { get; set; } = "";

    public Address Address { get; set; } = new();

    public List<Line> Lines { get; } = [];
}

public class Address
{
    public string City { get; set; } = "";
}

public class Line
{
    public int Id { get; set; }

    public string Product { get; set; } = "";
}

public class TestDb(DbContextOptions<TestDb> options) : DbContext(options)
{
    /// <summary>What the query filter of the tenant's types says.</summary>
    public string CurrentTenant { get; set; } = "t1";

    public DbSet<Client> Clients => Set<Client>();

    public DbSet<Import> Imports => Set<Import>();

    public DbSet<Mapping> Mappings => Set<Mapping>();

    public DbSet<Note> Notes => Set<Note>();

    public DbSet<Reviewer> Reviewers => Set<Reviewer>();

    public DbSet<Country> Countries => Set<Country>();

    public DbSet<Asset> Assets => Set<Asset>();

    public DbSet<Document> Documents => Set<Document>();

    public DbSet<Page> Pages => Set<Page>();

    public DbSet<Animal> Animals => Set<Animal>();

    public DbSet<Category> Categories => Set<Category>();

    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Client>(b =>
        {
            b.Property(c => c.Version).IsConcurrencyToken();
            b.HasMany(c => c.Imports).WithOne(i => i.Client).HasForeignKey(i => i.ClientId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Import>(b =>
        {
            b.Property(c => c.Version).IsConcurrencyToken();
            b.HasMany(i => i.Mappings).WithOne(m => m.Import).HasForeignKey(m => m.ImportId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Mapping>(b =>
        {
            b.Property(m => m.Version).IsConcurrencyToken();
            b.HasOne(m => m.Reviewer).WithMany().HasForeignKey(m => m.ReviewerId).OnDelete(DeleteBehavior.SetNull);
            b.HasMany(m => m.Notes).WithOne().HasForeignKey(n => n.MappingId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Country>().HasKey(c => c.Code);
        modelBuilder.Entity<Asset>(b =>
        {
            b.Property(a => a.Id).HasConversion(id => id.Value, value => new AssetId(value));
            b.Property(a => a.Version).IsConcurrencyToken();
            b.HasQueryFilter(a => a.Tenant == CurrentTenant);
        });
        modelBuilder.Entity<Document>(b =>
        {
            b.HasKey(d => new { d.Tenant, d.Id });
            b.HasMany(d => d.Pages).WithOne().HasForeignKey(p => new { p.Tenant, p.DocumentId });
        });
        modelBuilder.Entity<Page>().HasKey(p => new { p.Tenant, p.DocumentId, p.Number });
        modelBuilder.Entity<Dog>();
        modelBuilder.Entity<Cat>();
        modelBuilder.Entity<Category>().HasOne<Category>().WithMany().HasForeignKey(c => c.ParentId).OnDelete(DeleteBehavior.Restrict);
        modelBuilder.Entity<Order>(b =>
        {
            b.OwnsOne(o => o.Address);
            b.OwnsMany(o => o.Lines, lines => lines.HasKey(l => l.Id));
        });
    }
}
