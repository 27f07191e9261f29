"""Boilerplate in German, French, Spanish, Italian, Portuguese and Dutch: wordings that no rule file holds."""

from collections import Counter

import pytest
from test_boilerplate import make_tables

from dedup.boilerplate import find_boilerplate
from dedup.settings import Settings

# Prose that the lines are put into; nothing of it may go.
STORIES = {
    "de": [
        "Der Stadtrat hat am Dienstag über die neue Brücke beraten, die seit dem Hochwasser gesperrt ist.",
        "Viele Anwohner waren gekommen, um zu hören, was die Ingenieure bei ihrer Untersuchung gefunden haben.",
        "Die Arbeiten sollen im März beginnen und etwa zwei Jahre dauern, kündigte die Bürgermeisterin an.",
        "Die alte Brücke wurde 1904 von einer Firma aus Leipzig gebaut und trug bis in die fünfziger Jahre Trams.",
    ],
    "fr": [
        "Le conseil municipal a débattu mardi du nouveau pont, fermé depuis les inondations de l'automne.",
        "De nombreux habitants étaient venus écouter ce que les ingénieurs avaient trouvé lors de leur inspection.",
        "Les travaux doivent commencer en mars et durer environ deux ans, selon la maire.",
        "L'ancien pont, construit en 1904 par une entreprise de Lyon, a porté des tramways jusqu'aux années cinquante.",
    ],
    "es": [
        "El ayuntamiento debatió el martes sobre el nuevo puente, cerrado desde las inundaciones de otoño.",
        "Muchos vecinos acudieron a escuchar lo que los ingenieros habían encontrado en su inspección.",
        "Las obras empezarán en marzo y durarán unos dos años, según anunció la alcaldesa.",
        "El viejo puente fue construido en 1904 por una empresa de Bilbao y llevó tranvías hasta los años cincuenta.",
    ],
    "it": [
        "Il consiglio comunale ha discusso martedì del nuovo ponte, chiuso dopo le alluvioni dell'autunno.",
        "Molti residenti erano venuti a sentire che cosa gli ingegneri avevano trovato durante l'ispezione.",
        "I lavori dovrebbero cominciare a marzo e durare circa due anni, secondo la sindaca.",
        "Il vecchio ponte fu costruito nel 1904 da una ditta di Torino e portò i tram fino agli anni cinquanta.",
    ],
    "pt": [
        "A câmara municipal debateu na terça-feira a nova ponte, fechada desde as cheias do outono.",
        "Muitos moradores vieram ouvir o que os engenheiros tinham encontrado na sua inspeção.",
        "As obras devem começar em março e durar cerca de dois anos, segundo a presidente.",
        "A ponte velha foi construída em 1904 por uma empresa do Porto e levou elétricos até aos anos cinquenta.",
    ],
    "nl": [
        "De gemeenteraad sprak dinsdag over de nieuwe brug, die sinds de overstroming in het najaar dicht is.",
        "Veel bewoners waren gekomen om te horen wat de ingenieurs bij hun onderzoek hadden gevonden.",
        "Het werk begint in maart en duurt ongeveer twee jaar, aldus de burgemeester.",
        "De oude brug werd in 1904 gebouwd door een firma uit Leiden en droeg tot in de jaren vijftig trams.",
    ],
}

# Written after the rules, and not used to change them.
BOILERPLATE = {
    "de": [
        ("wire-credit", "(AFP/dpa)"),
        ("wire-credit", "Mitarbeit: Sabine Kern, Tom Vogel"),
        ("copyright", "© 2023 Nordlicht Verlag GmbH & Co. KG. Alle Rechte vorbehalten."),
        ("copyright", "Nachdruck und Weiterverbreitung nur mit ausdrücklicher Genehmigung der Redaktion."),
        ("repost-disclaimer", "Dieser Beitrag erschien zuerst auf Netzpolitik.org."),
        ("legal-disclaimer", "Alle Informationen ohne Gewähr."),
        (
            "legal-disclaimer",
            "Der Beitrag dient nur der allgemeinen Information und ersetzt keinen Besuch beim Arzt.",
        ),
        ("photo-credit", "Foto: Karin Böhm/dpa"),
        ("photo-credit", "Bild: Shutterstock"),
        ("newsletter", "Abonnieren Sie jetzt unseren wöchentlichen Newsletter und bleiben Sie informiert."),
        ("newsletter", "Melde dich hier für unseren Newsletter an!"),
        ("read-more", "Lesen Sie auch: Warum der Winter so mild war"),
        ("read-more", "Mehr lesen"),
        ("share", "Diesen Artikel auf WhatsApp teilen"),
        ("share", "Folgt uns auf TikTok!"),
        ("cookie", "Wir nutzen Cookies, um Inhalte zu personalisieren und die Zugriffe zu analysieren."),
        ("advert", "Anzeige"),
        ("advert", "Der Artikel geht unter der Werbung weiter"),
        ("comments", "Bitte melden Sie sich an, um zu kommentieren."),
        ("comments", "37 Kommentare"),
        ("paywall", "Dieser Inhalt ist nur für Abonnenten."),
        ("paywall", "Sie sind bereits Abonnent? Jetzt einloggen"),
        ("author-bio", "Jonas Weber ist Wirtschaftsredakteur bei der Rheinischen Post."),
        ("mailing-list", "Du erhältst diese E-Mail, weil du dich auf unserer Seite registriert hast."),
        ("mail-signature", "Gesendet von meinem Huawei-Smartphone"),
        ("confidentiality", "Diese Nachricht ist vertraulich und nur für den genannten Empfänger bestimmt."),
    ],
    "fr": [
        ("wire-credit", "(avec AFP et Belga)"),
        ("wire-credit", "Traduit de l'anglais par Claire Fontaine"),
        ("copyright", "© 2023 Éditions du Nord. Tous droits réservés."),
        ("copyright", "Toute reproduction totale ou partielle est interdite sans l'accord de la rédaction."),
        ("repost-disclaimer", "Ce texte a été publié initialement sur Slate."),
        (
            "legal-disclaimer",
            "Cet article ne constitue en aucun cas un conseil financier ; il est purement informatif.",
        ),
        ("legal-disclaimer", "Les opinions exprimées ici n'engagent que leurs auteurs."),
        ("photo-credit", "Photo : Claire Fontaine/AFP"),
        ("photo-credit", "Crédit photo : Shutterstock"),
        ("newsletter", "Abonnez-vous dès maintenant à notre newsletter hebdomadaire."),
        ("newsletter", "Inscris-toi à notre infolettre pour ne rien rater !"),
        ("read-more", "À lire aussi : Pourquoi l'hiver a été si doux"),
        ("read-more", "Lire la suite sur Le Temps"),
        ("share", "Partagez cette page sur WhatsApp"),
        ("share", "Suis-nous sur TikTok !"),
        ("cookie", "Nous utilisons des cookies afin de personnaliser le contenu et d'analyser le trafic."),
        ("advert", "Publicité"),
        ("advert", "La suite de l'article après cette publicité"),
        ("comments", "Connectez-vous pour laisser un commentaire."),
        ("comments", "37 commentaires"),
        ("paywall", "Contenu réservé aux abonnés"),
        ("paywall", "Vous êtes déjà abonné ? Identifiez-vous"),
        ("author-bio", "Luc Mercier est journaliste économique au Temps."),
        ("mailing-list", "Vous avez reçu ce courriel parce que vous êtes abonné à notre liste."),
        ("mail-signature", "Envoyé depuis mon téléphone Huawei"),
        ("confidentiality", "Ce courriel est confidentiel et destiné uniquement à son destinataire."),
    ],
    "es": [
        ("wire-credit", "(EFE/AFP)"),
        ("wire-credit", "Con información de Reuters"),
        ("copyright", "© 2023 Editorial Norte, S.L. Todos los derechos reservados."),
        ("copyright", "Queda prohibida toda reproducción sin permiso escrito de la empresa editora."),
        ("repost-disclaimer", "Este texto se publicó originalmente en Letras Libres."),
        ("legal-disclaimer", "Este artículo es meramente informativo y no sustituye la opinión de un médico."),
        ("legal-disclaimer", "Las opiniones vertidas son responsabilidad exclusiva de los autores."),
        ("photo-credit", "Foto: Carla Núñez / EFE"),
        ("photo-credit", "Imagen: Shutterstock"),
        ("newsletter", "Suscríbete ya a nuestro boletín semanal y mantente informado."),
        ("newsletter", "Regístrate gratis y recibe nuestra newsletter"),
        ("read-more", "Lea también: Por qué el invierno fue tan suave"),
        ("read-more", "Leer la noticia completa"),
        ("share", "Comparte esta nota en WhatsApp"),
        ("share", "¡Síguenos en TikTok!"),
        ("cookie", "Usamos cookies para personalizar el contenido y analizar el tráfico."),
        ("advert", "Publicidad"),
        ("advert", "El artículo continúa después de la publicidad"),
        ("comments", "Inicia sesión para dejar un comentario."),
        ("comments", "37 comentarios"),
        ("paywall", "Contenido solo para suscriptores"),
        ("paywall", "¿Ya eres suscriptor? Accede aquí"),
        ("author-bio", "Luis Romero es redactor de economía en La Voz."),
        ("mailing-list", "Has recibido este correo porque estás suscrito a nuestra lista."),
        ("mail-signature", "Enviado desde mi teléfono Huawei"),
        ("confidentiality", "Este correo es confidencial y está dirigido únicamente a su destinatario."),
    ],
    "it": [
        ("wire-credit", "(ANSA-AFP)"),
        ("wire-credit", "Tradotto dal francese da Chiara Fontana"),
        ("copyright", "© 2023 Edizioni Nord S.r.l. Tutti i diritti riservati."),
        ("copyright", "Vietata la riproduzione, totale o parziale, senza il consenso della redazione."),
        ("repost-disclaimer", "Questo testo è stato pubblicato originariamente su Internazionale."),
        ("legal-disclaimer", "Questo articolo ha scopo informativo e non sostituisce il parere di un medico."),
        ("legal-disclaimer", "Le opinioni qui espresse sono esclusivamente degli autori."),
        ("photo-credit", "Foto: Chiara Fontana/LaPresse"),
        ("photo-credit", "Immagine: Shutterstock"),
        ("newsletter", "Iscriviti subito alla nostra newsletter settimanale."),
        ("newsletter", "Registrati e ricevi gratis la nostra newsletter"),
        ("read-more", "Leggi anche: Perché l'inverno è stato così mite"),
        ("read-more", "Leggi la notizia completa"),
        ("share", "Condividi questa pagina su WhatsApp"),
        ("share", "Seguici su TikTok!"),
        ("cookie", "Usiamo i cookie per personalizzare i contenuti e analizzare il traffico."),
        ("advert", "Pubblicità"),
        ("advert", "L'articolo continua dopo la pubblicità"),
        ("comments", "Accedi per lasciare un commento."),
        ("comments", "37 commenti"),
        ("paywall", "Contenuto riservato agli abbonati"),
        ("paywall", "Sei già abbonato? Accedi qui"),
        ("author-bio", "Luigi Romano è redattore economico de La Voce."),
        ("mailing-list", "Hai ricevuto questa mail perché sei iscritto alla nostra lista."),
        ("mail-signature", "Inviato dal mio telefono Huawei"),
        ("confidentiality", "Questa mail è riservata e destinata esclusivamente al suo destinatario."),
    ],
    "pt": [
        ("wire-credit", "(Lusa/AFP)"),
        ("wire-credit", "Com informações da Reuters"),
        ("copyright", "© 2023 Editora Norte Ltda. Todos os direitos reservados."),
        ("copyright", "Proibida a reprodução total ou parcial sem autorização da redação."),
        ("repost-disclaimer", "Este texto foi publicado originalmente na revista Piauí."),
        ("legal-disclaimer", "Este artigo tem caráter informativo e não substitui a opinião de um médico."),
        ("legal-disclaimer", "As opiniões aqui expressas são da responsabilidade dos autores."),
        ("photo-credit", "Foto: Carla Nunes/Lusa"),
        ("photo-credit", "Imagem: Shutterstock"),
        ("newsletter", "Assine já a nossa newsletter semanal."),
        ("newsletter", "Cadastre-se e receba grátis nossa newsletter"),
        ("read-more", "Leia também: Por que o inverno foi tão ameno"),
        ("read-more", "Leia a notícia completa"),
        ("share", "Partilhe esta página no WhatsApp"),
        ("share", "Siga-nos no TikTok!"),
        ("cookie", "Usamos cookies para personalizar o conteúdo e analisar o tráfego."),
        ("advert", "Publicidade"),
        ("advert", "O artigo continua depois da publicidade"),
        ("comments", "Faça login para deixar um comentário."),
        ("comments", "37 comentários"),
        ("paywall", "Conteúdo exclusivo para assinantes"),
        ("paywall", "Já é assinante? Entre aqui"),
        ("author-bio", "Luís Romano é repórter de economia do Estado de Minas."),
        ("mailing-list", "Recebeu este e-mail porque está inscrito na nossa lista."),
        ("mail-signature", "Enviado do meu telefone Huawei"),
        ("confidentiality", "Este e-mail é confidencial e destina-se exclusivamente ao seu destinatário."),
    ],
    "nl": [
        ("wire-credit", "(ANP/AFP)"),
        ("wire-credit", "Vertaling: Karin Bakker"),
        ("copyright", "© 2023 Uitgeverij Noord B.V. Alle rechten voorbehouden."),
        (
            "copyright",
            "Niets van deze site mag worden overgenomen of gekopieerd zonder toestemming van de uitgever.",
        ),
        ("repost-disclaimer", "Dit stuk verscheen eerder in De Correspondent."),
        (
            "legal-disclaimer",
            "Dit artikel is alleen bedoeld als informatie en vervangt geen advies van uw huisarts.",
        ),
        ("legal-disclaimer", "De meningen in deze bijdrage zijn die van de auteurs."),
        ("photo-credit", "Foto: Karin Bakker/ANP"),
        ("photo-credit", "Beeld: Shutterstock"),
        ("newsletter", "Abonneer je nu op onze wekelijkse nieuwsbrief."),
        ("newsletter", "Meld je gratis aan en ontvang onze nieuwsbrief"),
        ("read-more", "Lees ook: Waarom de winter zo zacht was"),
        ("read-more", "Lees het volledige artikel"),
        ("share", "Deel deze pagina via WhatsApp"),
        ("share", "Volg ons op TikTok!"),
        ("cookie", "We gebruiken cookies om de inhoud te personaliseren en het verkeer te analyseren."),
        ("advert", "Advertentie"),
        ("advert", "Artikel gaat verder na de advertentie"),
        ("comments", "Log in om een reactie te plaatsen."),
        ("comments", "37 reacties"),
        ("paywall", "Alleen voor abonnees"),
        ("paywall", "Bent u al abonnee? Log hier in"),
        ("author-bio", "Lars Bakker is economieredacteur bij De Stem."),
        (
            "mailing-list",
            "Je krijgt deze mail omdat je op onze lijst staat.",
        ),
        ("mail-signature", "Verstuurd vanaf mijn Huawei-telefoon"),
        ("confidentiality", "Deze e-mail is vertrouwelijk en uitsluitend bestemd voor de geadresseerde."),
    ],
}

# Prose and headings about the same things.
CONTENT = {
    "de": [
        "Die dpa hatte am Morgen falsche Zahlen gemeldet.",
        "Das Foto zeigt die Baustelle im Winter 1961.",
        "Der Verlag verlor im vergangenen Jahr 20.000 Abonnenten.",
        "Ihr Newsletter erreicht inzwischen die halbe Stadt.",
        "Die Familie musste sich ein Zimmer teilen.",
        "Cookies merken sich, was ein Besucher angeklickt hat.",
        "Die Werbung versprach mehr, als das Auto hielt.",
        "Einen Kommentar lehnte die Behörde ab.",
        "Er folgt seinem Vater in das Amt.",
        "Die Haftung der Bauherren ist seit Jahren strittig.",
        "Vertraulich behandelt wurden die Akten nie.",
        "Mehr Züge sollen künftig nachts fahren.",
    ],
    "fr": [
        "L'AFP avait diffusé des chiffres erronés le matin même.",
        "La photo montre le chantier pendant l'hiver 1961.",
        "Le journal a perdu 20 000 abonnés l'an dernier.",
        "Sa newsletter touche désormais la moitié de la ville.",
        "La famille devait partager une seule chambre.",
        "Les cookies retiennent ce qu'un visiteur a cliqué.",
        "La publicité promettait plus que la voiture ne tenait.",
        "L'administration n'a fait aucun commentaire.",
        "Il suit la voie de son père.",
        "La responsabilité des promoteurs est discutée depuis des années.",
        "Les dossiers n'ont jamais été confidentiels.",
        "Lire les partitions demandait des années d'étude.",
    ],
    "es": [
        "EFE había difundido cifras erróneas por la mañana.",
        "La foto muestra las obras en el invierno de 1961.",
        "El periódico perdió 20.000 suscriptores el año pasado.",
        "Su boletín llega ya a media ciudad.",
        "La familia tuvo que compartir una sola habitación.",
        "Las cookies recuerdan lo que un visitante ha pulsado.",
        "La publicidad prometía más de lo que el coche daba.",
        "La administración no hizo comentarios.",
        "Sigue los pasos de su padre.",
        "La responsabilidad de los promotores se discute desde hace años.",
        "Los expedientes nunca fueron confidenciales.",
        "Leer partituras exigía años de estudio.",
    ],
    "it": [
        "L'ANSA aveva diffuso cifre sbagliate al mattino.",
        "La foto mostra il cantiere nell'inverno del 1961.",
        "Il giornale ha perso 20.000 abbonati l'anno scorso.",
        "La sua newsletter raggiunge ormai mezza città.",
        "La famiglia doveva condividere una sola stanza.",
        "I cookie ricordano che cosa un visitatore ha premuto.",
        "La pubblicità prometteva più di quanto l'auto desse.",
        "L'amministrazione non ha rilasciato commenti.",
        "Segue le orme di suo padre.",
        "La responsabilità dei costruttori è discussa da anni.",
        "I fascicoli non furono mai riservati.",
        "Leggere gli spartiti richiedeva anni di studio.",
    ],
    "pt": [
        "A Lusa tinha divulgado números errados de manhã.",
        "A foto mostra as obras no inverno de 1961.",
        "O jornal perdeu 20.000 assinantes no ano passado.",
        "A sua newsletter chega já a meia cidade.",
        "A família teve de partilhar um só quarto.",
        "Os cookies lembram aquilo em que um visitante clicou.",
        "A publicidade prometia mais do que o carro dava.",
        "A administração não fez comentários.",
        "Segue os passos do pai.",
        "A responsabilidade dos construtores é discutida há anos.",
        "Os processos nunca foram confidenciais.",
        "Ler partituras exigia anos de estudo.",
    ],
    "nl": [
        "Het ANP had die ochtend verkeerde cijfers verspreid.",
        "De foto toont de bouwplaats in de winter van 1961.",
        "De krant verloor vorig jaar 20.000 abonnees.",
        "Haar nieuwsbrief bereikt inmiddels de halve stad.",
        "Het gezin moest één kamer delen.",
        "Cookies onthouden waar een bezoeker op heeft geklikt.",
        "De advertentie beloofde meer dan de auto waarmaakte.",
        "Het bestuur gaf geen commentaar.",
        "Hij volgt zijn vader op.",
        "De aansprakelijkheid van de bouwers is al jaren omstreden.",
        "Vertrouwelijk waren de dossiers nooit.",
        "Meer treinen gaan voortaan ook 's nachts rijden.",
    ],
}

LEAST_RECALL = 0.9
LEAST_PRECISION = 0.98


def find_categories(language: str, line: str) -> list[str]:
    """Give the categories of what is found in a story with a line near its end, all of which must be of that line."""
    story = STORIES[language]
    text = "\n".join([*story, line])
    hits = find_boilerplate(*make_tables([text]), Settings()).hits
    assert all(paragraph == len(story) for paragraph in hits["paragraph"].to_pylist()), "prose is taken"
    return [rule.split("/")[0] for rule in hits["rule"].to_pylist()]


@pytest.mark.parametrize("language", sorted(STORIES))
def test_unseen_lines_are_found_and_named(language: str) -> None:
    """Nine in ten lines that no rule was written for are found, and their category is the right one."""
    found: Counter[str] = Counter()
    missed: list[str] = []
    misnamed: list[str] = []
    for category, line in BOILERPLATE[language]:
        categories = find_categories(language, line)
        found["right"] += category in categories
        found["any"] += bool(categories)
        if not categories:
            missed.append(line)
        elif category not in categories:
            misnamed.append(f"{categories}: {line}")
    assert found["any"] >= LEAST_RECALL * len(BOILERPLATE[language]), missed
    assert found["right"] >= LEAST_PRECISION * found["any"], misnamed


@pytest.mark.parametrize("language", sorted(STORIES))
def test_prose_about_the_same_things_stays(language: str) -> None:
    """No line of content is taken that has the words of boilerplate."""
    taken = [line for line in CONTENT[language] if find_categories(language, line)]
    assert taken == []
