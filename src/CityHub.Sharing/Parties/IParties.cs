namespace CityHub.Sharing.Parties;

/// <summary>The register of departments and people, as others see it.</summary>
public interface IParties
{
    /// <summary>Null: not registered.</summary>
    Department? Find(string department);

    IEnumerable<Department> Departments { get; }

    /// <summary>With the roles of the register; somebody whom it does not know is of no department and has none.</summary>
    Caller CallerOf(string person);

    /// <summary>Who has the role in a department; null: anywhere.</summary>
    IEnumerable<string> With(Roles role, string? department = null);
}
